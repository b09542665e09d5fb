import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { DirectWrites } from '../../src/disk/direct-writes.ts'
import { HashThread } from '../../src/hash/hash-thread.ts'
import { type DurableFiles, durableFiles } from '../../src/index.ts'
import { StagingFile } from '../../src/spool/staging-file.ts'
import { alignedMemory } from '../../src/threads/aligned-memory.ts'
import { MiB, openFiles, systemError } from '../fixtures/stores.ts'

const [aligned = new Uint8Array()] = alignedMemory(2, 3 * MiB)
aligned.set(randomBytes(3 * MiB))

const hasThem = await hasDirectWrites(t.testdir({ a: '' }))

t.test(
  'whole blocks go past the page cache',
  { skip: !hasThem && 'the file system has no direct writes' },
  async (t) => {
    const path = join(t.testdir({ a: '' }), 'a')
    const direct = new DirectWrites(durableFiles, path)
    const written = await direct.write(aligned.subarray(0, 2 * MiB + 100), 0)
    await direct.close()
    t.equal(written, 2 * MiB)
    t.ok(readFileSync(path).equals(aligned.subarray(0, 2 * MiB)))
  },
)

t.test('what is not whole blocks, or little, is left to others', async (t) => {
  const path = join(t.testdir({ a: '' }), 'a')
  const direct = new DirectWrites(durableFiles, path)
  t.equal(await direct.write(aligned, 100), 0, 'within a block')
  t.equal(await direct.write(aligned.subarray(0, 4096), 0), 0, 'little')
  t.equal(openFiles(path), 0, 'the file is not opened for it')
  await direct.close()
})

t.test(
  'a file is what was appended, wherever that lay and however long it was',
  async (t) => {
    const folder = t.testdir({})
    const lengths = [2 * MiB, MiB + 1, 4095, MiB, 0, 7, MiB - 4096]
    const anywhere = randomBytes(3 * MiB + 3).subarray(3)
    const refused = () => Promise.reject(systemError('EINVAL', 'write'))
    const cases: [string, Uint8Array, Partial<DurableFiles>][] = [
      ['aligned', aligned, {}],
      ['anywhere', anywhere, {}],
      ['not to be had', aligned, { openDirectly: async () => undefined }],
      ['refused', aligned, { openDirectly: (path) => refusing(path, refused) }],
      ['a part at a time', aligned, { openDirectly: (path) => partial(path) }],
    ]
    for (const [name, memory, faults] of cases) {
      const files = { ...durableFiles, ...faults }
      const path = join(folder, name)
      const shared = { files, hashThread: new HashThread(), writeBacks: 0 }
      const file = await StagingFile.create(path, shared, { isReadSoon: false })
      for (const length of lengths) await file.append(memory.subarray(0, length))
      await file.sync()
      await file.close()
      const whole = Buffer.concat(lengths.map((length) => memory.subarray(0, length)))
      t.ok(readFileSync(path).equals(whole), name)
      t.equal(file.bytes, whole.length)
      t.equal(openFiles(folder), 0)
    }
  },
)

t.test('what the disk says of a direct write is not hidden', async (t) => {
  const path = join(t.testdir({}), 'a')
  writeFileSync(path, '')
  const full = () => Promise.reject(systemError('ENOSPC', 'write'))
  const files = { ...durableFiles, openDirectly: (to: string) => refusing(to, full) }
  const direct = new DirectWrites(files, path)
  await t.rejects(direct.write(aligned, 0), { code: 'ENOSPC' })
  await direct.close()
})

/** A handle that does something else than to write. */
async function refusing(
  path: string,
  write: () => Promise<never>,
): Promise<FileHandle | undefined> {
  const handle = await durableFiles.openDirectly(path)
  return handle && Object.assign(handle, { write })
}

/** A handle that writes half a MiB at most. */
async function partial(path: string): Promise<FileHandle | undefined> {
  const handle = await durableFiles.openDirectly(path)
  const write = handle?.write.bind(handle) as (...args: unknown[]) => Promise<unknown>
  const some = (bytes: Uint8Array, offset: number, length: number, at: number) =>
    write(bytes, offset, Math.min(length, MiB / 2), at)
  return handle && Object.assign(handle, { write: some })
}

async function hasDirectWrites(folder: string): Promise<boolean> {
  const handle = await durableFiles.openDirectly(join(folder, 'a'))
  await handle?.close()
  return handle !== undefined
}
