import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { Algorithm } from '../../../src/uploads/digests/digest-messages.ts'
import {
  createDigestThread,
  type Digests,
  type DigestThread,
} from '../../../src/uploads/digests/digest-thread.ts'

const chunk = Buffer.alloc(300_000, 'custody')

async function* content(chunks: number, error?: Error) {
  for (let n = 0; n < chunks; n += 1) yield chunk.subarray(n)
  if (error) throw error
}

async function digest(
  thread: DigestThread,
  algorithms: readonly Algorithm[],
  ...contents: readonly AsyncIterable<Uint8Array>[]
): Promise<Digests> {
  const open = thread.open(algorithms)
  try {
    for (const one of contents) await open.add(one)
    return await open.end()
  } finally {
    open.cancel()
  }
}

function expected(algorithm: string, ...counts: readonly number[]): string {
  const hash = createHash(algorithm)
  for (const chunks of counts) {
    for (let n = 0; n < chunks; n += 1) hash.update(chunk.subarray(n))
  }
  return hash.digest('hex')
}

t.test('contents are hashed beside each other, each by what is asked', async (t) => {
  const thread = createDigestThread()
  const [one, two, none] = await Promise.all([
    digest(thread, ['sha256', 'md5'], content(20), content(10)),
    digest(thread, ['sha256'], content(7)),
    digest(thread, ['md5']),
  ])
  t.same(one, { sha256: expected('sha256', 20, 10), md5: expected('md5', 20, 10) })
  t.same(two, { sha256: expected('sha256', 7) })
  t.same(none, { md5: expected('md5') })
})

t.test('what a source throws ends one content only', async (t) => {
  const thread = createDigestThread()
  const other = digest(thread, ['sha256'], content(30))
  await t.rejects(digest(thread, ['sha256'], content(3, new Error('gone'))), {
    message: 'gone',
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
    await t.rejects(digest(thread, ['sha256'], deadly()), {
      message: 'The content could not be hashed.',
    })
    t.same(await digest(thread, ['sha256'], content(3)), {
      sha256: expected('sha256', 3),
    })
    t.equal(workers.length, 2)
  },
)
