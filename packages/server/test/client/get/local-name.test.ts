import { basename, join, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { localName } from '../../../src/client/get/local-name.ts'

t.test('only the last part of a path is left', async (t) => {
  const cases: [unknown, string][] = [
    ['a.txt', 'a.txt'],
    ['数据 ünï.jsonl', '数据 ünï.jsonl'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\evil.txt', 'evil.txt'],
    ['/etc/passwd', 'passwd'],
    ['a/', 'id'],
    ['..', 'id'],
    ['.', 'id'],
    ['', 'id'],
    [null, 'id'],
    [7, 'id'],
    ['a\u0000\u001b[2Jb', 'a__[2Jb'],
    ['.hidden', '.hidden'],
  ]
  for (const [filename, expected] of cases) {
    t.equal(localName(filename, 'id'), expected, JSON.stringify(filename))
  }
})

t.test('a name without anything is still one', async (t) => {
  t.equal(localName('..', '../..'), 'file')
})

t.test('a long name keeps its end', async (t) => {
  const name = localName(`${'数'.repeat(200)}.jsonl`, 'id')
  t.ok(Buffer.byteLength(name) <= 255)
  t.match(name, /^数+\.jsonl$/)
})

t.test('no name leads out of the folder', async (t) => {
  const parts = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '\0',
    'a',
    ' ',
    '\n',
    '数',
    '\ud800',
  )
  const names = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(parts).map((p) => p.join('')),
  )
  fc.assert(
    fc.property(names, names, (filename, id) => {
      const name = localName(filename, id)
      const path = resolve('/folder', name)
      return path === join('/folder', basename(name)) && Buffer.byteLength(name) <= 255
    }),
    { numRuns: 500 },
  )
  t.pass()
})
