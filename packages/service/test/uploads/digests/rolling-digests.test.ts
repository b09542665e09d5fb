import { createHash } from 'node:crypto'
import t from 'tap'
import { createDigestThread } from '../../../src/uploads/digests/digest-thread.ts'
import { createRollingDigests } from '../../../src/uploads/digests/rolling-digests.ts'

const bytesOf = (id: string) => Buffer.alloc(100_000, id)
const extent = (id: string) => ({ id, bytes: 100_000, sha256: '' })
const sha256Of = (...ids: readonly string[]) =>
  createHash('sha256')
    .update(Buffer.concat(ids.map(bytesOf)))
    .digest('hex')

function start(failing?: string) {
  const reads: string[] = []
  const rolling = createRollingDigests(
    createDigestThread(),
    async function* (_upload, { id }) {
      reads.push(id)
      if (id === failing) throw new Error('damaged')
      yield bytesOf(id)
    },
  )
  const upload = { id: 'u', partCount: 0 }
  return { rolling, reads, begin: () => rolling.begin(upload) }
}

t.test(
  'parts are hashed in the order in which they began, however they end',
  async (t) => {
    const { rolling, reads, begin } = start()
    const [one, two, three] = [begin(), begin(), begin()]
    three.added(extent('c'))
    two.added(extent('b'))
    two.dropped()
    one.added(extent('a'))
    t.equal(await rolling.take('u', ['a', 'b', 'c']), sha256Of('a', 'b', 'c'))
    t.same(reads, ['a', 'b', 'c'], 'each is read once')
    t.equal(await rolling.take('u', ['a', 'b', 'c']), sha256Of('a', 'b', 'c'))
    t.equal(await rolling.take('u', ['a', 'b']), undefined)
  },
)

t.test(
  'a part that came to nothing has no place, nor one that still comes',
  async (t) => {
    const { rolling, begin } = start()
    const [one, lost, two, late] = [begin(), begin(), begin(), begin()]
    one.added(extent('a'))
    two.added(extent('b'))
    lost.dropped()
    t.equal(await rolling.take('u', ['a', 'b']), sha256Of('a', 'b'))
    late.added(extent('c'))
    begin().added(extent('d'))
    t.equal(await rolling.take('u', ['a', 'b', 'c', 'd']), undefined)
  },
)

t.test('another order is not known, nor one part left out', async (t) => {
  for (const asked of [['b', 'a', 'c'], ['a', 'b'], ['a', 'b', 'c', 'd'], []]) {
    const { rolling, begin } = start()
    for (const id of ['a', 'b', 'c']) begin().added(extent(id))
    t.equal(await rolling.take('u', asked), undefined)
    t.equal(await rolling.take('u', ['a', 'b', 'c']), undefined, 'from then on')
  }
})

t.test('what was not followed from the first part on is not known', async (t) => {
  const { rolling } = start()
  rolling.begin({ id: 'u', partCount: 1 }).added(extent('b'))
  t.equal(await rolling.take('u', ['a', 'b']), undefined)
  t.equal(await rolling.take('never', ['a', 'b']), undefined)
})

t.test('a part that cannot be read is left to who completes', async (t) => {
  const { rolling, begin } = start('b')
  for (const id of ['a', 'b', 'c']) begin().added(extent(id))
  t.equal(await rolling.take('u', ['a', 'b', 'c']), undefined)
})

t.test('only so many uploads are followed, those that began last', async (t) => {
  const { rolling } = start()
  for (let n = 0; n < 65; n += 1) {
    for (const id of ['a', 'b']) {
      rolling.begin({ id: `u${n}`, partCount: id === 'a' ? 0 : 1 }).added(extent(id))
    }
  }
  t.equal(await rolling.take('u0', ['a', 'b']), undefined)
  t.equal(await rolling.take('u1', ['a', 'b']), sha256Of('a', 'b'))
  rolling.forget('u2')
  t.equal(await rolling.take('u2', ['a', 'b']), undefined)
})

t.test('few parts are read at once, however many uploads there are', async (t) => {
  let reading = 0
  let most = 0
  const rolling = createRollingDigests(
    createDigestThread(),
    async function* (_upload, { id }) {
      reading += 1
      most = Math.max(most, reading)
      yield bytesOf(id)
      reading -= 1
    },
  )
  const uploads = Array.from({ length: 20 }, (_, n) => `u${n}`)
  for (const id of ['a', 'b', 'c'])
    for (const upload of uploads)
      rolling.begin({ id: upload, partCount: 0 }).added(extent(id))
  for (const upload of uploads)
    t.equal(await rolling.take(upload, ['a', 'b', 'c']), sha256Of('a', 'b', 'c'))
  t.equal(most, 2)
})
