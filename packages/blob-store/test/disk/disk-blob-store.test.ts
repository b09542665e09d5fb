import { randomUUID } from 'node:crypto'
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { type DurableFiles, durableFiles } from '../../src/index.ts'
import {
  commitNoise,
  feed,
  filesIn,
  listAll,
  MiB,
  never,
  openStore,
} from '../fixtures/stores.ts'

t.test('content up to 64 KiB never touches the disk', async (t) => {
  const store = await openStore(t)
  const spool = store.spool({ maxBytes: MiB, signal: never })
  await feed(spool, 65_536)
  const content = await spool.end()
  t.same(filesIn(store.folder), [])
  await content.discard()
})

t.test('files and folders are for their owner alone', async (t) => {
  const store = await openStore(t)
  const spool = store.spool({ maxBytes: MiB, signal: never })
  await feed(spool, MiB)
  const content = await spool.end()
  const modes = () =>
    readdirSync(store.folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777
      return `${entry.isFile() ? 'file' : 'folder'} ${mode.toString(8)}`
    })
  t.same(new Set(modes()), new Set(['folder 700', 'file 600']))
  await content.commit(randomUUID())
  t.same(new Set(modes()), new Set(['folder 700', 'file 600']))
})

t.test('ids that begin alike spread evenly over the folders', async (t) => {
  const store = await openStore(t)
  for (let n = 0; n < 512; n += 1) {
    const tail = (n % 256).toString(16).padStart(2, '0')
    const extentId = `01890a5d-ac96-7${n.toString(16).padStart(3, '0')}-8000-0000000000${tail}`
    await store.fromBuffer(Buffer.from('x')).commit(extentId)
  }
  const blobs = join(store.folder, 'blobs')
  const counts = readdirSync(blobs).map((name) => readdirSync(join(blobs, name)).length)
  t.same(counts, new Array(256).fill(2))
})

t.test('a commit syncs the file, then renames it, then syncs the folder', async (t) => {
  const steps: string[] = []
  const store = await openStore(t, { faults: recorder(steps) })
  steps.length = 0
  const extentId = '01890a5d-ac96-774b-bcce-b302099a80ab'
  await commitNoise(store, MiB, extentId)
  t.same(steps, [
    'createExclusively staging',
    'makeFolderDurably ab',
    'syncFile',
    `renameDurably ${extentId}`,
  ])
  steps.length = 0
  await commitNoise(store, MiB, '01890a5d-ac96-774b-bcce-b302099a81ab')
  t.notOk(steps.includes('makeFolderDurably ab'), 'a folder is made once')
})

t.test('commits into a new folder at the same moment all wait for it', async (t) => {
  const made = Promise.withResolvers<void>()
  const renamed: string[] = []
  const store = await openStore(t, {
    faults: {
      makeFolderDurably: async (folder) => {
        if (basename(folder) === 'ab') await made.promise
        await durableFiles.makeFolderDurably(folder)
      },
      renameDurably: async (from, to) => {
        renamed.push(to)
        await durableFiles.renameDurably(from, to)
      },
    },
  })
  const ids = ['0', '1', '2'].map((n) => `01890a5d-ac96-774b-bcce-b302099a8${n}ab`)
  const commits = ids.map((id) => store.fromBuffer(Buffer.from('x')).commit(id))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(renamed, [])
  made.resolve()
  await Promise.all(commits)
  t.equal(renamed.length, 3)
})

t.test('extents are there after the store was opened again', async (t) => {
  const first = await openStore(t)
  const extentId = await commitNoise(first, 100_000)
  await first.close()
  const second = await openStore(t, { folder: first.folder })
  t.same(
    (await listAll(second)).map((extent) => extent.extentId),
    [extentId],
  )
  await commitNoise(second, 100_000, extentId.replace(/^../, 'ff'))
  t.equal((await listAll(second)).length, 2)
})

t.test('a list passes over what is not named like an extent', async (t) => {
  const store = await openStore(t)
  const extentId = await commitNoise(store, 100)
  const blobs = join(store.folder, 'blobs')
  writeFileSync(join(blobs, 'README'), '')
  writeFileSync(join(blobs, extentId.slice(-2), 'x.tmp'), '')
  t.same(
    (await listAll(store)).map((extent) => extent.extentId),
    [extentId],
  )
})

t.test('a staging sweep removes what a killed process left, by age', async (t) => {
  const store = await openStore(t)
  const now = Date.now()
  const leave = (name: string, ageMs: number) => {
    const path = join(store.folder, 'staging', name)
    writeFileSync(path, 'partial')
    utimesSync(path, (now - ageMs) / 1000, (now - ageMs) / 1000)
  }
  leave('old', 7_200_000)
  leave('young', 60_000)
  const sweepOld = () => store.sweepStaging({ olderThan: now - 3_600_000 })
  t.same(await sweepOld(), { removed: 1, bytes: 7 })
  t.same(await sweepOld(), { removed: 0, bytes: 0 })
  t.same(filesIn(store.folder), ['young'])
})

t.test('deletes sync each folder that they touched once', async (t) => {
  const store = await openStore(t)
  const ids = ['0', '1'].map((n) => `01890a5d-ac96-774b-bcce-b302099a8${n}ab`)
  for (const id of ids) await commitNoise(store, 100, id)
  const elsewhere = '01890a5d-ac96-774b-bcce-b302099a80cd'
  t.same(await store.delete([...ids, elsewhere]), { deleted: ids, missing: [elsewhere] })
  t.same(filesIn(store.folder), [])
})

/** The real operations, which write down what they are asked for first. */
function recorder(steps: string[]): Partial<DurableFiles> {
  return {
    createExclusively: (path) => {
      steps.push('createExclusively staging')
      return durableFiles.createExclusively(path)
    },
    makeFolderDurably: (folder) => {
      steps.push(`makeFolderDurably ${basename(folder)}`)
      return durableFiles.makeFolderDurably(folder)
    },
    syncFile: (handle) => {
      steps.push('syncFile')
      return durableFiles.syncFile(handle)
    },
    renameDurably: (from, to) => {
      steps.push(`renameDurably ${basename(to)}`)
      return durableFiles.renameDurably(from, to)
    },
  }
}
