import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { durableFiles } from '../../src/index.ts'
import {
  commitNoise,
  feed,
  filesIn,
  listAll,
  MiB,
  never,
  openFiles,
  openStore,
  systemError,
} from '../fixtures/stores.ts'

t.test(
  'content whose sync failed is never stored, and the sync not repeated',
  async (t) => {
    let syncs = 0
    const store = await openStore(t, {
      faults: {
        syncFile: async (handle) => {
          syncs += 1
          if (syncs === 1) throw systemError('EIO', 'fsync')
          await durableFiles.syncFile(handle)
        },
      },
    })
    const spool = store.spool({ maxBytes: MiB, signal: never })
    await feed(spool, MiB)
    const content = await spool.end()
    const extentId = randomUUID()
    await t.rejects(content.commit(extentId), {
      code: 'internal_error',
      message: /\(EIO\)/,
    })
    await t.rejects(content.commit(extentId), { message: /once/ })
    t.equal(syncs, 1)
    t.same(filesIn(store.folder), [])
  },
)

t.test(
  'a failed sync in the background fails the upload, whatever later syncs say',
  async (t) => {
    const store = await openStore(t, {
      faults: { syncData: () => Promise.reject(systemError('EIO', 'fdatasync')) },
    })
    const spool = store.spool({ maxBytes: 40 * MiB, signal: never })
    const upload = async () => {
      await feed(spool, 40 * MiB)
      const content = await spool.end()
      await content.commit(randomUUID())
    }
    await t.rejects(upload(), { code: 'internal_error', message: /\(EIO\)/ })
    await spool.discard()
    t.same(filesIn(store.folder), [])
  },
)

t.test('content whose folder could not be synced is taken back', async (t) => {
  const store = await openStore(t, {
    faults: {
      renameDurably: async (from, to) => {
        await durableFiles.renameDurably(from, to)
        throw systemError('EIO', 'fsync')
      },
    },
  })
  await t.rejects(commitNoise(store, MiB), { code: 'internal_error' })
  await t.rejects(commitNoise(store, 100), { code: 'internal_error' })
  t.same(filesIn(store.folder), [])
})

t.test('a folder that could not be made is tried again by the next commit', async (t) => {
  let broken = true
  const store = await openStore(t, {
    faults: {
      makeFolderDurably: async (folder) => {
        if (broken && folder.endsWith('ab')) throw systemError('ENOSPC', 'mkdir')
        await durableFiles.makeFolderDurably(folder)
      },
    },
  })
  const extentId = '01890a5d-ac96-774b-bcce-b302099a80ab'
  await t.rejects(commitNoise(store, MiB, extentId), { code: 'insufficient_storage' })
  broken = false
  await commitNoise(store, MiB, extentId)
  t.equal((await listAll(store)).length, 1)
})

const otherCodes = [
  ['EDQUOT', 'insufficient_storage'],
  ['EMFILE', 'overloaded'],
  ['EACCES', 'internal_error'],
] as const
for (const [code, expected] of otherCodes) {
  t.test(`a staging file that cannot be made for ${code} is ${expected}`, async (t) => {
    const store = await openStore(t, {
      faults: { createExclusively: () => Promise.reject(systemError(code, 'open')) },
    })
    const error = await t.rejects(commitNoise(store, MiB), { code: expected })
    t.notMatch(error, { message: store.folder }, 'no path is told')
    await t.rejects(commitNoise(store, 10), { code: expected })
  })
}

t.test('no descriptor and no rejection is left when clients vanish', async (t) => {
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  t.teardown(() => process.off('unhandledRejection', onUnhandled))
  const store = await openStore(t)
  const spools = Array.from({ length: 20 }, (_, n) => {
    const abort = new AbortController()
    const spool = store.spool({ maxBytes: 64 * MiB, signal: abort.signal })
    // Nobody waits for the promise, like a parser whose client is gone.
    for (let size = 0; size < n; size += 1) {
      if (spool.write(randomBytes(200_000)) !== undefined) break
    }
    return { abort, spool }
  })
  const ends = spools.slice(0, 10).map(({ spool }) => spool.end().catch(() => undefined))
  for (const { abort } of spools) abort.abort()
  await Promise.all(ends)
  await Promise.all(spools.map(({ spool }) => spool.discard()))
  t.same(filesIn(store.folder), [])
  t.equal(openFiles(store.folder), 0)
  await setTimeout(1)
  t.same(unhandled, [])
})

t.test('a download that is cut off leaves no descriptor', async (t) => {
  const store = await openStore(t)
  const extentId = await commitNoise(store, 4 * MiB)
  for (const reuse of [true, false]) {
    for await (const _ of store.read(extentId, { start: 0, end: 4 * MiB, reuse })) break
    const abort = new AbortController()
    const options = { start: 0, end: 4 * MiB, reuse, signal: abort.signal }
    const reading = async () => {
      for await (const _ of store.read(extentId, options)) abort.abort(new Error('gone'))
    }
    await t.rejects(reading(), { message: 'gone' })
  }
  t.equal(openFiles(store.folder), 0)
})
