import { createHash } from 'node:crypto'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { Algorithm } from '../../../src/uploads/digests/digest-messages.ts'
import {
  createDigestThread,
  type DigestSource,
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
  ...contents: readonly DigestSource[]
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

t.test('a file is read by the thread itself, between other content', async (t) => {
  const thread = createDigestThread()
  const path = join(t.testdir({}), 'extent')
  const bytes = 5 * chunk.length
  const whole = Buffer.alloc(bytes + 10, chunk)
  writeFileSync(path, whole)
  const place = { extentId: 'a', path, bytes, key: undefined }
  const [mixed, other] = await Promise.all([
    digest(thread, ['sha256'], content(2), { place }, { place }, content(1)),
    digest(thread, ['md5'], { place }),
  ])
  const hash = createHash('sha256').update(chunk).update(chunk.subarray(1))
  hash.update(whole.subarray(0, bytes)).update(whole.subarray(0, bytes)).update(chunk)
  t.same(mixed, { sha256: hash.digest('hex') })
  const md5 = createHash('md5').update(whole.subarray(0, bytes)).digest('hex')
  t.same(other, { md5 })
})

t.test('a file that is short, missing or cancelled ends one content only', async (t) => {
  const thread = createDigestThread()
  const path = join(t.testdir({}), 'extent')
  const bytes = 64 * 2 ** 20
  writeFileSync(path, '')
  truncateSync(path, bytes)
  const place = { extentId: 'a', path, bytes, key: undefined }
  const other = digest(thread, ['sha256'], content(30))
  const open = thread.open(['sha256'])
  const adding = open.add({ place })
  open.cancel()
  await t.rejects(adding, { message: 'The content could not be hashed.' })
  const damaged = { code: 'content_damaged' }
  const longer = { ...place, bytes: bytes + 1 }
  await t.rejects(digest(thread, ['sha256'], { place: longer }), damaged)
  rmSync(path)
  await t.rejects(digest(thread, ['sha256'], { place }), damaged)
  t.same(await other, { sha256: expected('sha256', 30) })
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
