import t from 'tap'
import { type Upcasters, upcast } from '../../src/index.ts'

/** A made-up history: the data was a number, then a list, then an object. */
const chain: Upcasters = {
  FileDeleted: {
    1: (body) => ({ ...body, data: [body.data] }),
    2: (body) => ({ ...body, data: { reasons: body.data } }),
  },
}
const body = (data: unknown) => ({ data, private: {} })

t.test('an event goes through every step from its schema to that of today', async (t) => {
  const read = (schema: number, data: unknown) =>
    upcast('FileDeleted', schema, body(data), chain, () => 3).data
  t.same(read(1, 7), { reasons: [7] })
  t.same(read(2, [7]), { reasons: [7] })
  t.same(read(3, { reasons: [7] }), { reasons: [7] })
})

t.test('an event of today is returned as it is', async (t) => {
  const today = { data: { reason: 'request' }, private: {} }
  t.equal(upcast('FileDeleted', 1, today), today)
})

t.test('what cannot be read is an error that names it', async (t) => {
  const cases: readonly [() => unknown, RegExp][] = [
    [() => upcast('FileFlown', 1, body(1)), /Unknown event type 'FileFlown'/],
    [() => upcast('toString', 1, body(1)), /Unknown event type 'toString'/],
    [() => upcast('FileDeleted', 2, body(1)), /has schema 2; this version reads up to 1/],
    [
      () => upcast('FileDeleted', 0, body(1)),
      /No upcaster for FileDeleted from schema 0/,
    ],
    [
      () => upcast('FileExpired', 1, body(1), chain, () => 2),
      /No upcaster for FileExpired from schema 1/,
    ],
  ]
  for (const [read, message] of cases) t.throws(read, { message })
})
