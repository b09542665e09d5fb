import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { erasureFile } from '../../src/data-folder/erasure-file.ts'

const backward = (path: string) => [...erasureFile(path).backward()]

t.test('lines come back, the last one first, however long the list is', async (t) => {
  const path = join(t.testdir({}), 'erasures.log')
  const file = erasureFile(path)
  t.same(backward(path), [], 'there is none')
  const lines = Array.from({ length: 3_000 }, (_, n) => `${n} ${'é'.repeat(n % 90)}`)
  file.append(lines.slice(0, 10))
  file.append(lines.slice(10))
  t.same(backward(path), lines.toReversed())
  t.equal(statSync(path).mode & 0o777, 0o600)
  file.append(['x'.repeat(200_000), 'y'])
  t.same(backward(path).slice(0, 3), ['y', 'x'.repeat(200_000), lines.at(-1)])
  for (const first of file.backward()) {
    t.equal(first, 'y', 'one can stop early')
    break
  }
})

t.test('a line that was cut short is none, and is written over', async (t) => {
  const path = join(t.testdir({}), 'erasures.log')
  erasureFile(path).append(['one', 'two'])
  appendFileSync(path, 'thr')
  t.same(backward(path), ['two', 'one'])
  erasureFile(path).append(['four'])
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\nfour\n')
  writeFileSync(path, 'only a part')
  t.same(backward(path), [])
  erasureFile(path).append(['five'])
  t.same(backward(path), ['five'])
})
