import t from 'tap'
import { requireParts, type UploadPart } from '../../src/index.ts'

const part = (id: string, bytes: number): UploadPart => ({
  id,
  bytes,
  upload: 'u1',
  position: 1,
  createdAt: 1,
  sha256: null,
})
const parts = [part('p1', 40), part('p2', 60), part('p3', 60)]
const named = (bytes: number, ...ids: (string | undefined)[]) =>
  requireParts(
    { bytes },
    parts,
    ids,
    ids.map((id) => `part_${id}`),
  ).map(({ id }) => id)
const refusal = (message: RegExp) => ({
  key: 'invalid_part_ids',
  param: 'part_ids',
  message,
})

t.test('the order is that of the list, and not all parts need be in it', async (t) => {
  t.same(named(160, 'p2', 'p1', 'p3'), ['p2', 'p1', 'p3'])
  t.same(named(100, 'p3', 'p1'), ['p3', 'p1'])
  t.same(named(0), [])
})

t.test('a part that is not the upload’s, or no part at all, is named', async (t) => {
  t.throws(() => named(40, 'p1', 'p9'), refusal(/'part_p9' is no part of this upload/))
  t.throws(() => named(40, 'p1', undefined), refusal(/is no part of this upload/))
})

t.test('a part that comes twice is named', async (t) => {
  t.throws(() => named(80, 'p1', 'p1'), refusal(/'part_p1' comes twice/))
})

t.test('the parts have exactly the bytes that were declared', async (t) => {
  for (const bytes of [99, 101]) {
    t.throws(() => named(bytes, 'p1', 'p2'), refusal(/have 100 bytes in all/))
  }
  t.throws(() => named(1), refusal(/have 0 bytes in all/))
})
