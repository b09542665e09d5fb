import t from 'tap'
import { findViolations } from './find-violations.ts'
import { readWorkspace } from './read-workspace.ts'
import { arrows } from './rules.ts'

const workspace = readWorkspace(new URL('../../', import.meta.url))

t.test('the sources of every package keep the boundaries', async (t) => {
  t.strictSame(findViolations(workspace), [])
})

t.test('the rules are about the packages that there are', async (t) => {
  const folders = [...workspace.manifests.keys()]
  const names = folders.map((folder) =>
    folder.startsWith('plugins/') ? 'plugins' : folder.replace('packages/', ''),
  )
  t.strictSame([...new Set(names)].sort(), Object.keys(arrows).sort())
})

t.test('the sources of the packages are found', async (t) => {
  const paths = workspace.sources.map(({ path }) => path)
  for (const name of ['plugin-api', 'domain', 'transparency']) {
    t.ok(paths.includes(`packages/${name}/src/index.ts`), name)
  }
})
