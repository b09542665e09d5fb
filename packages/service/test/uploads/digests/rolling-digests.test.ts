import { createHash } from 'node:crypto'
import t from 'tap'
import { createDigestThread } from '../../../src/uploads/digests/digest-thread.ts'
import {
  createRollingDigests,
  type PartTurn,
} from '../../../src/uploads/digests/rolling-digests.ts'

const bytesOf = (id: string) => Buffer.alloc(100_000, id)
const extent = (id: string) => ({ id, bytes: 100_000, sha256: '' })
const sha256Of = (...ids: readonly string[]) =>
  createHash('sha256')
    .update(Buffer.concat(ids.map(bytesOf)))
    .digest('hex')

/** @param now Where it stands still, a part waits until its turn comes. */
function start(failing?: string, now = () => 0) {
  const reads: string[] = []
  const rolling = createRollingDigests(
    createDigestThread(),
    async function* (_upload, { id }) {
      reads.push(id)
      if (id === failing) throw new Error('damaged')
      yield bytesOf(id)
    },
    now,
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

/** Shows a turn the content of a part as a spool does; `stored` as soon as all of it was sealed. */
async function flow(turn: PartTurn, id: string, { oneThread = true, blocks = 3 } = {}) {
  const { follower } = turn
  await follower.begin({ oneThread })
  const whole = bytesOf(id)
  const size = Math.ceil(whole.length / blocks)
  for (let at = 0; at < whole.length; at += size) {
    const block = new Uint8Array(new SharedArrayBuffer(size))
    block.set(whole.subarray(at, at + size))
    const length = Math.min(size, whole.length - at)
    await follower.pass(block.subarray(0, length), async () => {})
    block.fill(0)
  }
  follower.end()
}

t.test('parts that wait for their turn are hashed as they come', async (t) => {
  const { rolling, reads, begin } = start()
  const turns = [begin(), begin(), begin()] as const
  const order: string[] = []
  const ids = ['a', 'b', 'c']
  const flowing = turns.map(async (turn, index) => {
    const id = ids[index] ?? ''
    await flow(turn, id)
    order.push(id)
    return id
  })
  await Promise.all(flowing)
  t.same(order, ids)
  // In any order: they are part of the file when they are durable.
  for (const [index, turn] of turns.entries()) turn.added(extent(ids[2 - index] ?? ''))
  t.equal(await rolling.take('u', ['c', 'b', 'a']), sha256Of('a', 'b', 'c'))
  t.same(reads, [], 'none is read again')
})

t.test('a part does not wait for one that does not come', async (t) => {
  const { rolling, reads, begin } = start(undefined, () => performance.now())
  const [one, two] = [begin(), begin()]
  await flow(two, 'b')
  two.added(extent('b'))
  await flow(one, 'a')
  one.added(extent('a'))
  t.equal(await rolling.take('u', ['a', 'b']), sha256Of('a', 'b'))
  t.same(reads, ['b'])
})

t.test('where several threads seal, no part waits', async (t) => {
  const { rolling, reads, begin } = start()
  const [one, two, three] = [begin(), begin(), begin()]
  await one.follower.begin({ oneThread: false })
  await flow(two, 'b', { oneThread: false })
  two.added(extent('b'))
  await flow(one, 'a', { oneThread: false })
  one.added(extent('a'))
  await flow(three, 'c', { oneThread: false })
  three.added(extent('c'))
  t.equal(await rolling.take('u', ['a', 'b', 'c']), sha256Of('a', 'b', 'c'))
  t.equal(reads.includes('a'), false)
  t.equal(reads.includes('b'), true)
})

t.test('what came of a part that came to nothing is not part of the file', async (t) => {
  const { rolling, reads, begin } = start()
  const [one, lost, two] = [begin(), begin(), begin()]
  await flow(one, 'a')
  await lost.follower.begin({ oneThread: true })
  const block = new Uint8Array(new SharedArrayBuffer(1000))
  await lost.follower.pass(block, async () => {})
  const waiting = flow(two, 'b')
  lost.dropped()
  await waiting
  one.added(extent('a'))
  two.added(extent('b'))
  t.equal(await rolling.take('u', ['a', 'b']), sha256Of('a', 'b'))
  t.same(reads, [])
})

t.test('a part that came whole and to nothing is not part of the file', async (t) => {
  const { rolling, begin } = start()
  const [one, lost] = [begin(), begin()]
  await flow(one, 'a')
  await flow(lost, 'x')
  one.added(extent('a'))
  lost.dropped()
  const two = begin()
  await flow(two, 'b')
  two.added(extent('b'))
  t.equal(await rolling.take('u', ['a', 'b']), sha256Of('a', 'b'))

  const other = start()
  const [gone, next] = [other.begin(), other.begin()]
  await flow(gone, 'x')
  await flow(next, 'a')
  gone.dropped()
  next.added(extent('a'))
  other.begin().added(extent('b'))
  t.equal(await other.rolling.take('u', ['a', 'b']), undefined, 'too late to undo')
})

t.test('who is refused, cancelled or forgotten waits no longer', async (t) => {
  const { rolling, begin } = start()
  const gone = new AbortController()
  const first = begin()
  await first.follower.begin({ oneThread: true })
  const stop = Promise.withResolvers<void>()
  const busy = first.follower.pass(
    new Uint8Array(new SharedArrayBuffer(1)),
    () => stop.promise,
  )
  const upload = { id: 'u', partCount: 0 }
  const aborted = rolling.begin(upload, { signal: gone.signal })
  const refused = rolling.begin(upload)
  const left = rolling.begin(upload)
  const waits = [aborted, refused, left].map(({ follower }) =>
    follower.begin({ oneThread: true }),
  )
  gone.abort()
  await waits[0]
  refused.dropped()
  await waits[1]
  rolling.forget('u')
  await waits[2]
  stop.resolve()
  await busy
  t.equal(await rolling.take('u', ['a', 'b']), undefined)
})

t.test(
  'what storing a part throws is thrown, and a file of one part is not hashed',
  async (t) => {
    const { rolling } = start()
    const only = rolling.begin(
      { id: 'u', partCount: 0, bytes: 100 },
      { declaredBytes: 200 },
    )
    await only.follower.begin({ oneThread: true })
    const block = new Uint8Array(new SharedArrayBuffer(100))
    const failing = only.follower.pass(block, () => Promise.reject(new Error('full')))
    await t.rejects(failing, { message: 'full' })
    only.dropped()
    t.equal(await rolling.take('u', []), undefined)
  },
)

t.test(
  'however long a part has waited, it does not wait for one that stops',
  async (t) => {
    let time = 0
    const { begin } = start(undefined, () => time)
    const [one, two] = [begin(), begin()]
    await one.follower.begin({ oneThread: true })
    const block = new Uint8Array(new SharedArrayBuffer(1000))
    const work = Promise.withResolvers<void>()
    const busy = one.follower.pass(block, () => work.promise)
    let isOver = false
    const waiting = two.follower.begin({ oneThread: true }).then(() => {
      isOver = true
    })
    time = 1_000_000
    await new Promise((resolve) => setTimeout(resolve, 120))
    t.notOk(isOver)
    work.resolve()
    await busy
    time += 10
    await waiting
  },
)
