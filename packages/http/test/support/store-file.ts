import { file, purpose, upload } from './forms.ts'
import { readJson } from './read-json.ts'
import type { TestServer } from './start-server.ts'

/** Uploads a file and gives its id. */
export async function storeFile(
  { fetch }: Pick<TestServer, 'fetch'>,
  { content = file.content, filename = 'input.jsonl', as = 'user_data' } = {} as {
    content?: string | Uint8Array
    filename?: string
    as?: string
  },
): Promise<string> {
  const parts = [
    { ...purpose, content: as },
    { ...file, content, filename },
  ]
  return (await readJson(await fetch('/v1/files', upload(parts)))).id
}
