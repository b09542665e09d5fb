import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { openDiskBlobStore } from '../../src/index.ts'
import { UnsealThreads } from '../../src/unseal/unseal-threads.ts'
import { MiB, never, openFiles } from '../fixtures/stores.ts'

const text = (bytes: number) => Buffer.alloc(bytes, 'lines of text that shrink well\n')

async function storeSealed(t: Test, content: Buffer) {
  const folder = t.testdir({})
  const store = await openDiskBlobStore({
    folder,
    newId: randomUUID,
    seal: { mode: 'compress+encrypt', random: randomBytes, threads: 1 },
  })
  t.teardown(() => store.close())
  const spool = store.spool({ maxBytes: content.length, signal: never })
  for (let at = 0; at < content.length; at += MiB) {
    await spool.write(content.subarray(at, at + MiB))
  }
  const spooled = await spool.end()
  const { stored, bytes } = spooled
  if (stored.format === 'plain') throw new TypeError('Not sealed')
  const extentId = randomUUID()
  await spooled.commit(extentId)
  const { format, dataKey } = stored
  const extent = { format, dataKey, bytes, storedBytes: stored.bytes }
  const path = join(folder, 'blobs', extentId.slice(-2), extentId)
  return { store, folder, extentId, extent, path, whole: { start: 0, end: bytes } }
}

/** Bytes that came before the end, and why it ended. */
async function readOn(chunks: AsyncIterable<Uint8Array>) {
  const got: Uint8Array[] = []
  try {
    for await (const chunk of chunks) got.push(chunk)
  } catch (error) {
    return { got: Buffer.concat(got), error }
  }
  return { got: Buffer.concat(got), error: undefined }
}

for (const [what, content] of [
  ['noise', randomBytes(5 * MiB + 17)],
  ['text', text(5 * MiB + 17)],
] as const) {
  t.test(`${what}: any range of a sealed extent has exactly its bytes`, async (t) => {
    const { store, extentId, extent, whole } = await storeSealed(t, content)
    const ranges = [
      whole,
      { start: 0, end: 0 },
      { start: 0, end: 1 },
      { start: MiB - 60, end: MiB + 60 },
      { start: 2 * MiB, end: 4 * MiB },
      { start: whole.end - 1, end: whole.end },
    ]
    for (const range of ranges) {
      const { got } = await readOn(store.readSealed(extentId, extent, range))
      const { start, end } = range
      t.ok(got.equals(content.subarray(start, end)), `${start} to ${end}`)
    }
  })

  t.test(
    `${what}: chunks whose memory serves again are right until the next`,
    async (t) => {
      const { store, extentId, extent, whole } = await storeSealed(t, content)
      const options = { ...whole, reuse: true }
      let at = 0
      for await (const chunk of store.readSealed(extentId, extent, options)) {
        t.ok(content.subarray(at, at + chunk.length).equals(chunk), `from ${at}`)
        at += chunk.length
        chunk.fill(0)
      }
      t.equal(at, content.length)
    },
  )
}

t.test('what is before the damage is given, and nothing after it', async (t) => {
  const content = randomBytes(5 * MiB)
  const { store, extentId, extent, path, whole } = await storeSealed(t, content)
  const stored = readFileSync(path)
  const inThird = 2 * MiB + 1000
  stored[inThird] = (stored[inThird] ?? 0) ^ 1
  writeFileSync(path, stored)
  const { got, error } = await readOn(store.readSealed(extentId, extent, whole))
  t.match(error, { code: 'content_damaged', extra: { segment: 2 } })
  t.equal(got.length, 2 * (MiB - 16) - 40, 'two segments')
  t.ok(got.equals(content.subarray(0, got.length)))
  const behind = { start: 4 * MiB, end: 5 * MiB }
  const { got: rest } = await readOn(store.readSealed(extentId, extent, behind))
  t.ok(rest.equals(content.subarray(4 * MiB)), 'other segments are as they were')
})

t.test('what is there of an extent that was cut short is given', async (t) => {
  const content = randomBytes(4 * MiB)
  const { store, extentId, extent, path, whole } = await storeSealed(t, content)
  truncateSync(path, 3 * MiB)
  const { got, error } = await readOn(store.readSealed(extentId, extent, whole))
  t.match(error, { code: 'content_damaged', message: /ends too early/ })
  t.equal(got.length, 3 * (MiB - 16) - 40, 'three segments')
  t.ok(got.equals(content.subarray(0, got.length)))
})

t.test(
  'an extent that is missing, cut short or another is content_damaged',
  async (t) => {
    const { store, extentId, extent, path, whole } = await storeSealed(t, text(2 * MiB))
    const read = (changed: Partial<typeof extent>, end = whole.end) =>
      readOn(store.readSealed(extentId, { ...extent, ...changed }, { start: 0, end }))
    const other = await read({ dataKey: randomBytes(32) })
    t.match(other, { got: { length: 0 }, error: { code: 'content_damaged' } })
    const longer = await read({ bytes: whole.end + 1 })
    t.match(longer.error, {
      code: 'content_damaged',
      message: /2097152 bytes in place of 2097153/,
    })
    t.match((await read({}, whole.end + 1)).error, { code: 'content_damaged' })
    t.match((await read({ storedBytes: 40 })).error, { code: 'content_damaged' })
    truncateSync(path, extent.storedBytes - 1)
    t.match((await read({})).error, { code: 'content_damaged' })
    rmSync(path)
    t.match((await read({})).error, { code: 'content_damaged', message: /is missing/ })
  },
)

t.test('readers at once come to their bytes, whoever of them stops', async (t) => {
  const content = randomBytes(8 * MiB)
  const { store, folder, extentId, extent, whole } = await storeSealed(t, content)
  const abort = new AbortController()
  const stopped = async () => {
    for await (const _ of store.readSealed(extentId, extent, whole)) break
  }
  const aborted = async () => {
    const options = { ...whole, signal: abort.signal }
    for await (const _ of store.readSealed(extentId, extent, options)) {
      abort.abort(new Error('gone'))
    }
  }
  const read = async (start: number) => {
    const options = { start, end: whole.end, reuse: true }
    let at = start
    for await (const chunk of store.readSealed(extentId, extent, options)) {
      await setImmediate()
      if (content.compare(chunk, 0, chunk.length, at, at + chunk.length) !== 0) {
        throw new Error(`other bytes at ${at}`)
      }
      at += chunk.length
    }
    return at
  }
  const all = [0, 1, MiB, 3 * MiB].map(read)
  await Promise.all([stopped(), t.rejects(aborted(), { message: 'gone' }), stopped()])
  t.same(
    await Promise.all(all),
    all.map(() => whole.end),
  )
  await t.rejects(aborted(), { message: 'gone' }, 'aborted before it began')
  while (openFiles(folder) > 0) await setImmediate()
})

t.test(
  'a thread that dies fails its reads, and the next read starts another',
  async (t) => {
    const content = text(3 * MiB)
    const { extentId, extent, path, whole } = await storeSealed(t, content)
    const workers: Worker[] = []
    const threads = new UnsealThreads({
      threads: 1,
      createWorker() {
        const url = new URL('../../src/unseal/unseal-worker.ts', import.meta.url)
        const worker = new Worker(url)
        workers.push(worker)
        return worker
      },
    })
    t.teardown(() => threads.close())
    const read = () => threads.read({ path, extentId, extent }, whole)
    const cut = async () => {
      for await (const _ of read()) await workers[0]?.terminate()
    }
    await t.rejects(cut(), { code: 'internal_error' })
    const { got } = await readOn(read())
    t.ok(got.equals(content))
    t.equal(workers.length, 2)
  },
)

t.test('a store that was closed opens nothing', async (t) => {
  const { store, extentId, extent, whole } = await storeSealed(t, text(MiB))
  await store.close()
  const { error } = await readOn(store.readSealed(extentId, extent, whole))
  t.match(error, { code: 'overloaded' })
})
