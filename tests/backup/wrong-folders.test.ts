import { globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, temporaryFolder } from '@custody/testkit'
import t from 'tap'

t.test('a folder that a backup must not take, or a restore, is refused', async (t) => {
  const folder = temporaryFolder(t)
  const at = (...names: string[]) => join(folder, ...names)
  const server = await startServer(t, { dataDir: at('data') })
  mkdirSync(at('used'))
  writeFileSync(at('used', 'own.txt'), 'mine')
  writeFileSync(at('file'), 'mine')
  symlinkSync(at('data'), at('link'))
  t.equal((await server.custody('backup', at('backup'))).code, 0)
  const before = globSync(['**'], { cwd: folder, exclude: ['data/**'] }).sort()

  const nested = /must not lie in one another/
  const refused: readonly (readonly [RegExp, ...string[]])[] = [
    [nested, 'backup', at('data', 'backup')],
    [nested, 'backup', at('link', 'backup')],
    [nested, 'backup', at('other'), '--keys', at('other', 'keys')],
    [/is no folder of a backup: it has 'own\.txt'/, 'backup', at('used')],
    [/ENOTDIR: not a directory/, 'backup', at('file')],
    [nested, 'restore', at('backup'), '--data-dir', at('backup', 'data')],
    [/ENOTDIR: not a directory/, 'restore', at('backup'), '--data-dir', at('file')],
  ]
  await Promise.all(
    refused.map(async ([why, ...args]) => {
      const { code, stderr } = await server.custody(...args)
      t.equal(code, 1, args.join(' '))
      t.match(stderr, why)
      t.notMatch(stderr, /\n {4}at /, 'a sentence, and no stack')
    }),
  )
  const after = globSync(['**'], { cwd: folder, exclude: ['data/**'] }).sort()
  t.strictSame(after, before, 'and nothing was written')
})
