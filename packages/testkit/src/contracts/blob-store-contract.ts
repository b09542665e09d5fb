import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import {
  type BlobStore,
  INLINE_MAX_BYTES,
  type SpooledContent,
  type StoredExtent,
} from '@custody/blob-store'
import type { Test } from 'tap'

const MiB = 1024 * 1024
const never = new AbortController().signal

/**
 * What every blob store does. `createStore` makes an empty one for each test and sees to its removal, for
 * example with `t.teardown`.
 */
export function blobStoreContract(
  t: Test,
  createStore: (t: Test) => Promise<BlobStore>,
): void {
  const sizes = [
    0,
    1,
    INLINE_MAX_BYTES - 1,
    INLINE_MAX_BYTES,
    INLINE_MAX_BYTES + 1,
    256 * 1024,
    256 * 1024 + 1,
    512 * 1024,
    5 * MiB + 17,
  ]
  for (const size of sizes) {
    t.test(`${size} bytes come back as they were sent, counted and hashed`, async (t) => {
      const store = await createStore(t)
      const bytes = randomBytes(size)
      const content = await spoolAll(store, bytes)
      t.equal(content.bytes, size)
      t.equal(content.sha256, sha256(bytes))
      const extentId = randomUUID()
      await content.commit(extentId)
      const back = await readAll(store, extentId, 0, size)
      t.ok(back.equals(bytes), 'same bytes')
    })
  }

  t.test('the size of the chunks makes no difference', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(200_000)
    for (const chunkBytes of [7, 4_096, 65_536, 65_537, 200_000]) {
      const content = await spoolAll(store, bytes, chunkBytes)
      t.equal(content.sha256, sha256(bytes), `chunks of ${chunkBytes}`)
      await content.discard()
    }
  })

  t.test(
    'content up to the inline bound is in memory, larger content in a file',
    async (t) => {
      const store = await createStore(t)
      const small = randomBytes(INLINE_MAX_BYTES)
      const inline = await spoolAll(store, small, 1_000)
      t.ok(inline.inline && small.equals(inline.inline), 'in memory')
      t.equal(inline.path, undefined)
      const large = randomBytes(INLINE_MAX_BYTES + 1)
      const staged = await spoolAll(store, large, 1_000)
      t.equal(staged.inline, undefined)
      t.ok(
        staged.path && large.equals(await readFile(staged.path)),
        'in the staging file',
      )
      await staged.discard()
    },
  )

  t.test('a buffer becomes content that can be kept inline or committed', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(1_234)
    const content = store.fromBuffer(bytes)
    t.equal(content.bytes, 1_234)
    t.equal(content.sha256, sha256(bytes))
    const extentId = randomUUID()
    await content.commit(extentId)
    t.ok((await readAll(store, extentId, 0, 1_234)).equals(bytes))
    t.throws(() => store.fromBuffer(Buffer.alloc(INLINE_MAX_BYTES + 1)), {
      code: 'internal_error',
    })
  })

  t.test('staged bytes can be read while the spool grows', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(4 * MiB)
    const spool = store.spool({ maxBytes: bytes.length, signal: never })
    t.equal(spool.staged, undefined)
    await spool.write(Buffer.from(bytes))
    while ((spool.staged?.bytes ?? 0) < MiB) await setImmediate()
    const staged = spool.staged
    if (staged === undefined) throw new Error('There is no staging file')
    const start = (await readFile(staged.path)).subarray(0, staged.bytes)
    t.ok(bytes.subarray(0, staged.bytes).equals(start))
    await spool.discard()
  })

  t.test('a range has exactly the bytes from its start up to its end', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(2 * MiB)
    const extentId = await commit(store, bytes)
    const ranges = [
      [0, 0],
      [0, 1],
      [1, 2],
      [MiB - 1, MiB + 1],
      [2 * MiB - 1, 2 * MiB],
      [2 * MiB, 2 * MiB],
      [100, 2 * MiB],
    ] as const
    for (const [start, end] of ranges) {
      const part = await readAll(store, extentId, start, end)
      t.ok(part.equals(bytes.subarray(start, end)), `${start} to ${end}`)
    }
  })

  t.test('chunks whose memory serves again are right until the next one', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(3 * MiB + 5)
    const extentId = await commit(store, bytes)
    const range = { start: 10, end: bytes.length - 10 }
    let at = range.start
    for await (const chunk of store.read(extentId, { ...range, reuse: true })) {
      t.ok(bytes.subarray(at, at + chunk.length).equals(chunk), `from ${at}`)
      at += chunk.length
      chunk.fill(0)
    }
    t.equal(at, range.end)
  })

  t.test(
    'chunks are the own of who reads, unless their memory may serve again',
    async (t) => {
      const store = await createStore(t)
      const bytes = randomBytes(3 * MiB)
      const extentId = await commit(store, bytes)
      const chunks: Uint8Array[] = []
      for await (const chunk of store.read(extentId, { start: 0, end: 3 * MiB })) {
        chunks.push(chunk)
      }
      t.ok(chunks.length > 3)
      t.ok(Buffer.concat(chunks).equals(bytes))
    },
  )

  t.test('the digest of what is stored is made without reading it here', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(2 * MiB + 3)
    const extentId = await commit(store, bytes)
    for (const length of [bytes.length, MiB]) {
      const expected = createHash('sha256')
        .update(bytes.subarray(0, length))
        .digest('hex')
      t.equal(await store.digest(extentId, { bytes: length }), expected)
    }
    const damaged = { code: 'content_damaged' }
    await t.rejects(store.digest(extentId, { bytes: bytes.length + 1 }), damaged)
    await t.rejects(store.digest(randomUUID(), { bytes: 1 }), damaged)
    const signal = AbortSignal.abort(new Error('gone'))
    await t.rejects(store.digest(extentId, { bytes: 1, signal }), { message: 'gone' })
  })

  t.test('reading an extent that is missing is content_damaged', async (t) => {
    const store = await createStore(t)
    await t.rejects(readAll(store, randomUUID(), 0, 10), { code: 'content_damaged' })
  })

  t.test('reading past the end of what is stored is content_damaged', async (t) => {
    const store = await createStore(t)
    const extentId = await commit(store, randomBytes(100_000))
    await t.rejects(readAll(store, extentId, 0, 100_001), { code: 'content_damaged' })
    await t.rejects(readAll(store, extentId, 200_000, 200_001), {
      code: 'content_damaged',
    })
  })

  t.test('a read ends with the reason of its signal', async (t) => {
    const store = await createStore(t)
    const extentId = await commit(store, randomBytes(4 * MiB))
    const abort = new AbortController()
    const reading = async () => {
      const options = { start: 0, end: 4 * MiB, signal: abort.signal }
      for await (const _ of store.read(extentId, options)) abort.abort()
    }
    await t.rejects(reading(), { name: 'AbortError' })
  })

  t.test('the limit is inclusive, and one byte more is file_too_large', async (t) => {
    const store = await createStore(t)
    for (const maxBytes of [1_000, INLINE_MAX_BYTES, MiB]) {
      const fits = store.spool({ maxBytes, signal: never })
      await fits.write(Buffer.alloc(maxBytes))
      await (await fits.end()).discard()
      const over = store.spool({ maxBytes, signal: never })
      await over.write(Buffer.alloc(maxBytes - 1))
      t.throws(() => over.write(Buffer.alloc(2)), {
        code: 'file_too_large',
        message: new RegExp(`at most ${maxBytes} bytes.* at least ${maxBytes + 1}\\.$`),
      })
      t.throws(() => over.write(Buffer.alloc(1)), { code: 'file_too_large' })
      await t.rejects(over.end(), { code: 'file_too_large' })
      await over.discard()
    }
    t.same(await sweepAll(store), { removed: 0, bytes: 0 }, 'nothing is left staged')
  })

  t.test('an abort discards what was staged, and later calls say why', async (t) => {
    const store = await createStore(t)
    const abort = new AbortController()
    const spool = store.spool({ maxBytes: 10 * MiB, signal: abort.signal })
    await spool.write(randomBytes(3 * MiB))
    abort.abort(new Error('the client went away'))
    t.throws(() => spool.write(Buffer.alloc(1)), { message: 'the client went away' })
    await t.rejects(spool.end(), { message: 'the client went away' })
    await spool.discard()
    t.same(await sweepAll(store), { removed: 0, bytes: 0 })
  })

  t.test('a spool whose signal was aborted before takes nothing', async (t) => {
    const store = await createStore(t)
    const reason = new Error('gone')
    const spool = store.spool({ maxBytes: MiB, signal: AbortSignal.abort(reason) })
    t.throws(() => spool.write(Buffer.alloc(1)), { message: 'gone' })
    await spool.discard()
  })

  t.test('discarding is safe at any time, any number of times', async (t) => {
    const store = await createStore(t)
    const spool = store.spool({ maxBytes: 10 * MiB, signal: never })
    await spool.discard()
    await spool.discard()
    const ended = store.spool({ maxBytes: 10 * MiB, signal: never })
    await ended.write(randomBytes(3 * MiB))
    const content = await ended.end()
    await Promise.all([ended.discard(), content.discard(), content.discard()])
    await t.rejects(content.commit(randomUUID()), { message: /discarded/ })
    t.same(await sweepAll(store), { removed: 0, bytes: 0 })
    t.same(await listAll(store), [])
  })

  t.test('discarding after a commit leaves the extent in the store', async (t) => {
    const store = await createStore(t)
    const bytes = randomBytes(MiB)
    const spool = store.spool({ maxBytes: MiB, signal: never })
    await spool.write(Buffer.from(bytes))
    const content = await spool.end()
    const extentId = randomUUID()
    await content.commit(extentId)
    await content.discard()
    await spool.discard()
    t.ok((await readAll(store, extentId, 0, MiB)).equals(bytes))
  })

  t.test('a commit whose signal is aborted stores nothing', async (t) => {
    const store = await createStore(t)
    for (const size of [100, MiB]) {
      const content = await spoolAll(store, randomBytes(size))
      const signal = AbortSignal.abort(new Error('too late'))
      await t.rejects(content.commit(randomUUID(), { signal }), { message: 'too late' })
    }
    t.same(await listAll(store), [])
    t.same(await sweepAll(store), { removed: 0, bytes: 0 })
  })

  t.test('an extent is never overwritten', async (t) => {
    const store = await createStore(t)
    const first = randomBytes(100_000)
    const extentId = await commit(store, first)
    const second = await spoolAll(store, randomBytes(100_000))
    await t.rejects(second.commit(extentId), { code: 'internal_error' })
    t.ok((await readAll(store, extentId, 0, 100_000)).equals(first))
    t.same(await sweepAll(store), { removed: 0, bytes: 0 })
  })

  t.test('an extent id is a lower-case UUID and nothing else', async (t) => {
    const store = await createStore(t)
    const ids = ['', '../../../etc/passwd', 'x', `${randomUUID()}/..`, 'A'.repeat(36)]
    for (const extentId of ids) {
      const content = store.fromBuffer(Buffer.from('x'))
      await t.rejects(content.commit(extentId), { code: 'internal_error' })
      t.throws(() => store.read(extentId, { start: 0, end: 1 }), {
        code: 'internal_error',
      })
      await t.rejects(store.delete([extentId]), { code: 'internal_error' })
    }
  })

  t.test('a list has every extent once, with its size and time', async (t) => {
    const store = await createStore(t)
    const before = Date.now()
    const sizes = new Map<string, number>()
    for (let size = 1; size <= 30; size += 1) {
      sizes.set(await commit(store, randomBytes(size)), size)
    }
    const listed = await listAll(store)
    t.same(new Map(listed.map(({ extentId, bytes }) => [extentId, bytes])), sizes)
    t.equal(listed.length, 30)
    // A remote store has a clock of its own: to the day is enough for the sweep.
    const day = 86_400_000
    t.ok(listed.every(({ modifiedAt }) => Math.abs(modifiedAt - before) < day))
  })

  t.test('existing tells the stored extents from others', async (t) => {
    const store = await createStore(t)
    const extentId = await commit(store, randomBytes(10))
    t.same(await store.existing([extentId, randomUUID()]), new Set([extentId]))
  })

  t.test('a deleted extent is gone, and one that never was is missing', async (t) => {
    const store = await createStore(t)
    const kept = await commit(store, randomBytes(100))
    const gone = await commit(store, randomBytes(100))
    const never = randomUUID()
    t.same(await store.delete([gone, never]), { deleted: [gone], missing: [never] })
    t.same(await store.delete([gone]), { deleted: [], missing: [gone] })
    await t.rejects(readAll(store, gone, 0, 100), { code: 'content_damaged' })
    t.same([...(await store.existing([kept, gone]))], [kept])
  })

  t.test('a staging sweep leaves alone what somebody works on', async (t) => {
    const store = await createStore(t)
    const running = store.spool({ maxBytes: MiB, signal: never })
    const bytes = randomBytes(600_000)
    await running.write(Buffer.from(bytes))
    while (running.staged === undefined) await setImmediate()
    const waiting = await spoolAll(store, bytes)
    t.same(await sweepAll(store), { removed: 0, bytes: 0 })
    for (const content of [waiting, await running.end()]) {
      const extentId = randomUUID()
      await content.commit(extentId)
      t.ok((await readAll(store, extentId, 0, bytes.length)).equals(bytes))
    }
  })

  t.test('free space is some of the total', async (t) => {
    const store = await createStore(t)
    const { freeBytes, totalBytes } = store.freeSpace()
    t.ok(freeBytes > 0)
    t.ok(totalBytes >= freeBytes)
  })

  t.test('closing discards the spools that still run', async (t) => {
    const store = await createStore(t)
    const spool = store.spool({ maxBytes: 10 * MiB, signal: never })
    await spool.write(randomBytes(3 * MiB))
    await store.close()
    t.throws(() => spool.write(Buffer.alloc(1)), { code: 'internal_error' })
    t.same(await sweepAll(store), { removed: 0, bytes: 0 })
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function spoolAll(
  store: BlobStore,
  bytes: Uint8Array,
  chunkBytes = 65_536,
): Promise<SpooledContent> {
  const spool = store.spool({ maxBytes: bytes.length, signal: never })
  for (let from = 0; from < bytes.length; from += chunkBytes) {
    // The spool owns its chunks: these are copies.
    await spool.write(Buffer.from(bytes.subarray(from, from + chunkBytes)))
  }
  return await spool.end()
}

async function commit(store: BlobStore, bytes: Uint8Array): Promise<string> {
  const extentId = randomUUID()
  const content = await spoolAll(store, bytes)
  await content.commit(extentId)
  return extentId
}

async function readAll(
  store: BlobStore,
  extentId: string,
  start: number,
  end: number,
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of store.read(extentId, { start, end })) parts.push(part)
  return Buffer.concat(parts)
}

async function listAll(store: BlobStore): Promise<StoredExtent[]> {
  const extents: StoredExtent[] = []
  for await (const extent of store.list()) extents.push(extent)
  return extents
}

/** Removes all that is staged and not in use: nothing, if every path cleans up after itself. */
function sweepAll(store: BlobStore) {
  return store.sweepStaging({ olderThan: Number.MAX_SAFE_INTEGER })
}
