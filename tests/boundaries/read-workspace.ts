import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import type { Manifest, Workspace } from './find-violations.ts'

/** The packages and plugins under a root, and their sources: `src` and `bin`, not their tests. */
export function readWorkspace(root: URL): Workspace {
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
  const find = (pattern: string) =>
    globSync(pattern, { cwd: root })
      .map((path) => path.replaceAll('\\', '/'))
      .sort()

  const manifests = new Map<string, Manifest>()
  for (const path of find('{packages,plugins}/*/package.json')) {
    manifests.set(posix.dirname(path), JSON.parse(read(path)))
  }
  const sources = find('{packages,plugins}/*/{src,bin}/**/*.{ts,mts,cts,js,mjs,cjs}').map(
    (path) => ({ path, text: read(path) }),
  )
  return { manifests, sources }
}
