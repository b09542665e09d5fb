import t from 'tap'
import {
  byteRange,
  duration,
  integer,
  keyValue,
  partSize,
} from '../../../src/commands/files/client-flags.ts'

t.test('a part has bytes, KiB or MiB', async (t) => {
  t.strictSame(['1', '64KiB', '16 mib', '64MiB', '67108864'].map(partSize), [
    ...[1, 65_536, 16 * 2 ** 20, 64 * 2 ** 20, 64 * 2 ** 20],
  ])
  for (const text of ['0', '', '65MiB', '1GiB', '-1', '1.5MiB', 'MiB', '1e3']) {
    t.throws(() => partSize(text), { message: /at most 64MiB/ }, text)
  }
})

t.test('a time has a unit, or seconds', async (t) => {
  t.strictSame(['3600', '5s', '90m', '12h', '30d'].map(duration), [
    ...[3600, 5, 5400, 43_200, 2_592_000],
  ])
  for (const text of ['0', '', 'soon', '1w', '-1', '1.5h', '1 h 5']) {
    t.throws(() => duration(text), { message: /90m, 12h or 30d/ }, text)
  }
})

t.test('a range is one', async (t) => {
  t.strictSame(['0-0', '5-99', '100-', '-100'].map(byteRange), [
    ...['0-0', '5-99', '100-', '-100'],
  ])
  for (const text of ['', '-', '5', '9-5', 'a-b', '0-1,3-4', 'bytes=0-1', '-1-2']) {
    t.throws(() => byteRange(text), { message: /FIRST-LAST/ }, text)
  }
})

t.test('metadata is gathered, and a key comes once', async (t) => {
  t.strictSame(keyValue('a=b=c', keyValue('__proto__=x')), {
    ...Object.fromEntries([['__proto__', 'x']]),
    a: 'b=c',
  })
  t.strictSame(keyValue('a='), { a: '' })
  for (const text of ['', 'a', '=b']) t.throws(() => keyValue(text), /KEY=VALUE/, text)
  t.throws(() => keyValue('a=2', { a: '1' }), /'a' came before/)
})

t.test('an integer has bounds', async (t) => {
  const read = integer(1, 64)
  t.strictSame(['1', '64', '007'].map(read), [1, 64, 7])
  for (const text of ['0', '65', '', 'x', '1.5', '1e1', '-1']) {
    t.throws(() => read(text), { message: /an integer from 1 to 64/ }, text)
  }
})
