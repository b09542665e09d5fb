import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { findLocalFiles } from '../../../src/client/put/find-local-files.ts'

const cwd = t.testdir()
for (const name of ['a.txt', 'b.txt', '[a].txt', 'x/c.txt', 'x/y/d.txt', 'x/.hidden']) {
  mkdirSync(dirname(join(cwd, name)), { recursive: true })
  writeFileSync(join(cwd, name), name)
}
mkdirSync(join(cwd, 'bare'))
mkdirSync(join(cwd, 'x/z.txt'))
symlinkSync('../a.txt', join(cwd, 'x/link'))
symlinkSync('.', join(cwd, 'x/loop'))
symlinkSync('nowhere', join(cwd, 'x/dangling'))

const find = async (args: string[], recursive = false) =>
  (await findLocalFiles(args, { cwd, recursive })).map(({ shown }) => shown)

t.test('arguments keep their order, and a file comes once', async (t) => {
  t.strictSame(await find(['b.txt', 'a.txt', './b.txt', '*.txt']), [
    ...['b.txt', 'a.txt', '[a].txt'],
  ])
})

t.test('a name that is there is no pattern', async (t) => {
  t.strictSame(await find(['[a].txt']), ['[a].txt'])
  t.strictSame(await find(['[ab].txt']), ['a.txt', 'b.txt'])
})

t.test('a pattern passes over folders, unless it is to go into them', async (t) => {
  t.strictSame(await find(['x/*']), ['x/c.txt', 'x/link'])
  t.strictSame(await find(['**/d.*']), ['x/y/d.txt'])
  t.strictSame(await find(['x/*'], true), ['x/c.txt', 'x/link', 'x/y/d.txt'])
  t.strictSame(await find([join(cwd, 'x/*.txt')]), [join(cwd, 'x/c.txt')])
})

t.test('a folder has all that is below it, but for what links to folders', async (t) => {
  const all = ['x/.hidden', 'x/c.txt', 'x/link', 'x/y/d.txt']
  t.strictSame(await find(['x'], true), all)
})

t.test('what names nothing is refused', async (t) => {
  const refused: [string, boolean, RegExp][] = [
    ['*.nothing', false, /^No file matches '\*\.nothing'\.$/],
    ['nothing', false, /^There is no file 'nothing'\.$/],
    ['', false, /is a folder/],
    ['x', false, /^'x' is a folder: --recursive puts/],
    ['bare', true, /^There is no file in 'bare' or below it\.$/],
    ['bar*', false, /^No file matches 'bar\*'\.$/],
    ['/dev/null', false, /^'\/dev\/null' is no file\.$/],
  ]
  for (const [arg, recursive, message] of refused) {
    await t.rejects(find(['a.txt', arg], recursive), { message }, arg)
  }
})
