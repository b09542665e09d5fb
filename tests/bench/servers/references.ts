import { fileURLToPath } from 'node:url'
import { type ChildServer, startChildServer } from './child-server.ts'

/** Files in `references/`; each says exactly what it does. */
const files = {
  'koa-upload': '../references/koa-upload.ts',
  'raw-upload': '../references/raw-upload.ts',
  'raw-download': '../references/raw-download.ts',
  'koa-constant': '../references/koa-constant.ts',
} as const

export type ReferenceName = keyof typeof files

/** Starts a reference; `env` is what its file asks for. */
export async function startReference(
  name: ReferenceName,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildServer> {
  const path = fileURLToPath(new URL(files[name], import.meta.url))
  return await startChildServer([path], {
    env,
    findAddress: (stdout) => /^(http:\S+)\n/.exec(stdout)?.[1],
  })
}
