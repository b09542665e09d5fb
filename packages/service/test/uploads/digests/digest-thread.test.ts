import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { createDigestThread } from '../../../src/uploads/digests/digest-thread.ts'

const { signal } = new AbortController()
const chunk = Buffer.alloc(300_000, 'custody')

async function* content(chunks: number, error?: Error) {
  for (let n = 0; n < chunks; n += 1) yield chunk.subarray(n)
  if (error) throw error
}

function expected(algorithm: string, chunks: number): string {
  const hash = createHash(algorithm)
  for (let n = 0; n < chunks; n += 1) hash.update(chunk.subarray(n))
  return hash.digest('hex')
}

t.test('contents are hashed beside each other, each by what is asked', async (t) => {
  const thread = createDigestThread()
  const both = ['sha256', 'md5'] as const
  const [one, two, none] = await Promise.all([
    thread.digest(content(30), { algorithms: both, signal }),
    thread.digest(content(7), { algorithms: ['sha256'], signal }),
    thread.digest(content(0), { algorithms: ['md5'], signal }),
  ])
  t.same(one, { sha256: expected('sha256', 30), md5: expected('md5', 30) })
  t.same(two, { sha256: expected('sha256', 7) })
  t.same(none, { md5: expected('md5', 0) })
})

t.test('what the source throws, and an abort, end one content only', async (t) => {
  const thread = createDigestThread()
  const options = { algorithms: ['sha256'] as const, signal }
  const other = thread.digest(content(30), options)
  await t.rejects(thread.digest(content(3, new Error('gone')), options), {
    message: 'gone',
  })
  const aborted = AbortSignal.abort(new Error('nobody waits'))
  await t.rejects(thread.digest(content(3), { ...options, signal: aborted }), {
    message: 'nobody waits',
  })
  t.same(await other, { sha256: expected('sha256', 30) })
})

t.test(
  'a thread that dies fails what it was at, and the next is a new one',
  async (t) => {
    const workers: Worker[] = []
    const url = new URL('../../../src/uploads/digests/digest-worker.ts', import.meta.url)
    const thread = createDigestThread(() => {
      const worker = new Worker(url)
      workers.push(worker)
      return worker
    })
    async function* deadly() {
      yield chunk
      await workers[0]?.terminate()
      for (let n = 0; n < 20; n += 1) yield chunk
    }
    const options = { algorithms: ['sha256'] as const, signal }
    await t.rejects(thread.digest(deadly(), options), {
      message: 'The content could not be hashed.',
    })
    t.same(await thread.digest(content(3), options), { sha256: expected('sha256', 3) })
    t.equal(workers.length, 2)
  },
)
