import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type DurableFiles,
  durableFiles,
  openDiskBlobStore,
  openSealedBox,
  readSealed,
  type SealOptions,
  type SpooledContent,
} from '../../src/index.ts'
import { filesIn, MiB, never, openFiles, systemError } from '../fixtures/stores.ts'

const line = 'a line that comes again and again, as lines of JSON do\n'
const text = (bytes: number) => Buffer.alloc(bytes, line)

async function openSealed(
  t: Test,
  {
    mode = 'compress+encrypt',
    threads = 1,
    faults = {},
  }: Partial<SealOptions & { faults: Partial<DurableFiles> }> = {},
) {
  const folder = t.testdir({})
  const store = await openDiskBlobStore({
    folder,
    newId: randomUUID,
    files: { ...durableFiles, ...faults },
    seal: { mode, random: randomBytes, threads },
  })
  t.teardown(() => store.close())
  return Object.assign(store, { folder })
}

type Store = Awaited<ReturnType<typeof openSealed>>

async function spoolAll(store: Store, bytes: Uint8Array, chunkBytes = 65_536) {
  const spool = store.spool({ maxBytes: bytes.length, signal: never })
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await spool.write(bytes.subarray(at, at + chunkBytes))
  }
  return await spool.end()
}

async function readBack(
  store: Store,
  extentId: string,
  { bytes, stored }: SpooledContent,
  range: { start?: number; end?: number } = {},
) {
  if (stored.format === 'plain') throw new TypeError('Not sealed')
  const { format, dataKey } = stored
  const extent = { format, dataKey, bytes, storedBytes: stored.bytes }
  const wanted = { start: range.start ?? 0, end: range.end ?? bytes }
  const readHere = readSealed(
    extent,
    (start, end) => store.read(extentId, { start, end }),
    wanted,
  )
  const here = await gather(readHere)
  if (format.startsWith('sealed-stream')) {
    const inThread = await gather(store.readSealed(extentId, extent, wanted))
    if (!inThread.equals(here)) throw new Error('The thread reads other bytes')
  }
  return here
}

async function gather(content: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

for (const mode of ['encrypt', 'compress+encrypt'] as const) {
  t.test(
    `${mode}: content of any length comes back, and its digest is its own`,
    async (t) => {
      const store = await openSealed(t, { mode })
      for (const make of [randomBytes, text]) {
        for (const size of [65_537, MiB - 56, MiB - 55, MiB, MiB + 1, 5 * MiB + 17]) {
          const bytes = make(size)
          const content = await spoolAll(store, bytes)
          t.equal(content.bytes, size)
          t.equal(content.sha256, sha256(bytes))
          const extentId = randomUUID()
          await content.commit(extentId)
          t.ok((await readBack(store, extentId, content)).equals(bytes), `${size}`)
          const range = { start: size - 1000, end: size - 1 }
          const part = await readBack(store, extentId, content, range)
          t.ok(part.equals(bytes.subarray(range.start, range.end)), `a part of ${size}`)
        }
      }
    },
  )

  t.test(`${mode}: nothing on the disk is plain, staged or stored`, async (t) => {
    const store = await openSealed(t, { mode })
    const marker = randomBytes(24).toString('hex')
    const bytes = Buffer.concat([text(3 * MiB), Buffer.from(marker), text(3 * MiB)])
    const content = await spoolAll(store, bytes)
    const isPlain = (path: string) => {
      const found = readFileSync(path)
      return found.includes(marker) || found.includes(line.trim())
    }
    t.notOk(isPlain(content.path ?? ''), 'staged')
    const extentId = randomUUID()
    await content.commit(extentId)
    t.notOk(isPlain(join(store.folder, 'blobs', extentId.slice(-2), extentId)), 'stored')
  })
}

t.test('text takes less room than it has bytes, noise as good as the same', async (t) => {
  const store = await openSealed(t)
  const shrunk = await spoolAll(store, text(4 * MiB))
  t.equal(shrunk.stored.format, 'sealed-stream+zstd')
  t.ok(shrunk.stored.bytes < MiB)
  const noise = await spoolAll(store, randomBytes(4 * MiB))
  t.equal(noise.stored.format, 'sealed-stream')
  t.equal(noise.stored.bytes, 4 * MiB + 40 + 5 * 16)
  for (const content of [shrunk, noise]) await content.discard()
  t.same(filesIn(store.folder), [])
})

t.test('small content is one sealed box, inline or committed', async (t) => {
  const store = await openSealed(t)
  const bytes = text(5000)
  const content = store.fromBuffer(bytes)
  const { stored } = content
  if (stored.format === 'plain') throw new TypeError('Not sealed')
  t.equal(stored.format, 'sealed-box+zstd')
  t.ok(stored.inline && stored.bytes === stored.inline.length && stored.bytes < 500)
  t.equal(content.stored, stored, 'it is sealed once')
  const box = stored.inline ?? new Uint8Array()
  t.same(openSealedBox({ ...stored, bytes: 5000 }, box), bytes)
  const extentId = randomUUID()
  await content.commit(extentId)
  t.same(await readBack(store, extentId, content), bytes)
})

t.test('no two contents have the same key', async (t) => {
  const store = await openSealed(t)
  const keys = new Set<string>()
  for (const size of [10, 10, 70_000, 70_000]) {
    const content = await spoolAll(store, text(size))
    const { stored } = content
    await content.discard()
    if (stored.format !== 'plain') keys.add(Buffer.from(stored.dataKey).toString('hex'))
  }
  t.equal(keys.size, 4)
})

t.test('many at once come back each for itself, over several threads', async (t) => {
  const store = await openSealed(t, { threads: 2 })
  const contents = [...Array(12).keys()].map((n) =>
    n % 2 === 0 ? randomBytes(MiB + n * 70_001) : text(2 * MiB + n * 70_001),
  )
  await Promise.all(
    contents.map(async (bytes) => {
      const content = await spoolAll(store, bytes)
      const extentId = randomUUID()
      await content.commit(extentId)
      t.ok((await readBack(store, extentId, content)).equals(bytes))
    }),
  )
})

t.test('a sealed file is not to be read before it is whole', async (t) => {
  const store = await openSealed(t)
  const spool = store.spool({ maxBytes: 4 * MiB, signal: never })
  for (let n = 0; n < 4; n += 1) await spool.write(randomBytes(MiB))
  t.equal(spool.staged, undefined)
  await spool.discard()
})

t.test(
  'an upload that is discarded or aborted while it is sealed leaves nothing',
  async (t) => {
    const store = await openSealed(t)
    const controller = new AbortController()
    for (const end of ['discard', 'abort'] as const) {
      const spool = store.spool({ maxBytes: 10 * MiB, signal: controller.signal })
      for (let n = 0; n < 3; n += 1) await spool.write(randomBytes(MiB))
      if (end === 'discard') await spool.discard()
      else {
        controller.abort(new Error('gone'))
        await t.rejects(spool.end(), { message: 'gone' })
        await spool.discard()
      }
      t.same(filesIn(store.folder), [], end)
      t.equal(openFiles(store.folder), 0)
    }
    const bytes = text(2 * MiB)
    const content = await spoolAll(store, bytes)
    t.equal(content.sha256, sha256(bytes), 'the next one is sealed as ever')
    await content.discard()
  },
)

t.test('a disk that fills up is insufficient_storage, and leaves nothing', async (t) => {
  let room = 2 * MiB
  const limit = (handle: FileHandle) => {
    const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<unknown>
    const limited = async (...args: unknown[]) => {
      room -= Number(args[2])
      if (room < 0) throw systemError('ENOSPC', 'write')
      return await write(...args)
    }
    return Object.assign(handle, { write: limited })
  }
  const store = await openSealed(t, {
    faults: {
      createExclusively: async (path) =>
        limit(await durableFiles.createExclusively(path)),
      async openDirectly(path) {
        const handle = await durableFiles.openDirectly(path)
        return handle && limit(handle)
      },
    },
  })
  const spool = store.spool({ maxBytes: 9 * MiB, signal: never })
  const feed = async () => {
    for (let n = 0; n < 9; n += 1) await spool.write(randomBytes(MiB))
    await spool.end()
  }
  await t.rejects(feed(), { code: 'insufficient_storage' })
  await spool.discard()
  t.same(filesIn(store.folder), [])
})

t.test(
  'a store that was closed takes no content, and ends what was under way',
  async (t) => {
    const store = await openSealed(t)
    const spool = store.spool({ maxBytes: 10 * MiB, signal: never })
    await spool.write(randomBytes(MiB + 1))
    await store.close()
    await t.rejects(async () => await spool.end())
    t.same(filesIn(store.folder), [])
  },
)

t.test('many at once that come in any chunks come back each for itself', async (t) => {
  const store = await openSealed(t)
  const contents = [...Array(12).keys()].map((n) => randomBytes(2 * MiB + n * 10_001))
  const spools = contents.map(({ length }) => ({
    spool: store.spool({ maxBytes: length, signal: never }),
    at: 0,
  }))
  const feed = async (one: (typeof spools)[number], content: Buffer, step: number) => {
    for (; one.at < content.length; one.at += step) {
      await one.spool.write(content.subarray(one.at, one.at + step))
    }
    return await one.spool.end()
  }
  await Promise.all(
    spools.map(async (one, index) => {
      const bytes = contents[index] ?? Buffer.alloc(0)
      const content = await feed(one, bytes, 100_003 * (index + 1))
      const extentId = randomUUID()
      await content.commit(extentId)
      t.ok((await readBack(store, extentId, content)).equals(bytes))
    }),
  )
})

t.test(
  'a follower is shown all content before it is stored, and holds it back',
  async (t) => {
    const store = await openSealed(t)
    const content = randomBytes(2.5 * MiB)
    const hash = createHash('sha256')
    const told: unknown[] = []
    const gate = Promise.withResolvers<void>()
    const spool = store.spool({
      maxBytes: content.length,
      follower: {
        async begin(how) {
          told.push(how)
          await gate.promise
        },
        async pass(block, store) {
          await store()
          t.ok(block.buffer instanceof SharedArrayBuffer && block.byteOffset === 0)
          hash.update(block)
        },
        end: () => told.push('end'),
      },
      signal: never,
    })
    const writing = (async () => {
      for (let at = 0; at < content.length; at += 65_536) {
        await spool.write(content.subarray(at, at + 65_536))
      }
      return await spool.end()
    })()
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.same(told, [{ oneThread: true }])
    gate.resolve()
    const whole = await writing
    t.same(told, [{ oneThread: true }, 'end'])
    t.equal(hash.digest('hex'), sha256(content))
    const id = randomUUID()
    await whole.commit(id)
    t.ok((await readBack(store, id, whole)).equals(content))
  },
)
