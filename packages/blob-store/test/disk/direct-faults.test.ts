import { randomBytes, randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type DurableFiles, durableFiles, openDiskBlobStore } from '../../src/index.ts'
import { filesIn, MiB, openFiles, systemError } from '../fixtures/stores.ts'

const noise = randomBytes(5 * MiB)

/** What the nth direct write of all meets; undefined: nothing. */
type Fault = 'short' | 'slow' | 'aborted' | 'ENOSPC' | 'EIO' | 'EINVAL' | undefined

function faultOf(n: number): Fault {
  if (n % 31 === 30) return 'EIO'
  if (n % 23 === 22) return 'EINVAL'
  if (n % 19 === 18) return 'ENOSPC'
  if (n % 7 === 6) return 'aborted'
  if (n % 5 === 1) return 'short'
  return n % 3 === 0 ? 'slow' : undefined
}

t.test(
  'whatever becomes of a direct write, content is whole or refused, and nothing is left',
  async (t) => {
    const folder = t.testdir({})
    const running = new Set<AbortController>()
    let writes = 0
    let isWell = false

    function faulty(handle: FileHandle | undefined): FileHandle | undefined {
      const real = handle?.write.bind(handle) as (...args: unknown[]) => Promise<unknown>
      async function write(content: Uint8Array, from: number, bytes: number, at: number) {
        const fault = isWell ? undefined : faultOf(writes++)
        // 512 bytes more than whole blocks: what is left is written in the plain way.
        if (fault === 'short') return await real(content, from, 512 * 1025, at)
        if (fault === 'slow') await sleep(4)
        else if (fault === 'aborted') {
          // While the write runs, of whichever upload.
          for (const one of [...running].slice(0, 2)) setImmediate(() => one.abort())
          const done = await real(content, from, bytes, at)
          await sleep(4)
          return done
        } else if (fault) throw systemError(fault, 'write')
        return await real(content, from, bytes, at)
      }
      return handle && Object.assign(handle, { write })
    }
    const files: DurableFiles = {
      ...durableFiles,
      openDirectly: async (path) => faulty(await durableFiles.openDirectly(path)),
    }
    const seal = { mode: 'compress+encrypt', random: randomBytes, threads: 2 } as const
    const store = await openDiskBlobStore({ folder, newId: randomUUID, files, seal })
    t.teardown(() => store.close())

    async function upload(n: number): Promise<'stored' | 'refused'> {
      const content = noise.subarray(n * 1000, 2 * MiB + n * 40_000)
      const controller = new AbortController()
      const { signal } = controller
      running.add(controller)
      const spool = store.spool({ maxBytes: content.length, signal })
      const extentId = randomUUID()
      try {
        for (let at = 0; at < content.length; at += 65_536) {
          await spool.write(content.subarray(at, at + 65_536))
        }
        const spooled = await spool.end()
        const { bytes, stored } = spooled
        await spooled.commit(extentId, { signal })
        running.delete(controller)
        if (stored.format === 'plain') throw new TypeError('Not sealed')
        const { format, dataKey } = stored
        const extent = { format, dataKey, bytes, storedBytes: stored.bytes }
        const read = store.readSealed(extentId, extent, { start: 0, end: bytes })
        const chunks = await Array.fromAsync(read)
        t.ok(Buffer.concat(chunks).equals(content), `upload ${n} is what was sent`)
        await store.delete([extentId])
        return 'stored'
      } catch (error) {
        const told = /disk is full|could not be stored \(EIO\)|operation was aborted/
        t.match(error, { message: told })
        return 'refused'
      } finally {
        running.delete(controller)
        await spool.discard()
      }
    }

    let next = 0
    const client = async () => {
      while (next < 60) await upload(next++)
    }
    await Promise.all([client(), client(), client(), client(), client()])
    isWell = true
    const after = await Promise.all(Array.from({ length: 9 }, (_, n) => upload(60 + n)))
    t.strictSame(new Set(after), new Set(['stored']), 'the memory of all came back')
    t.strictSame(filesIn(folder), [])
    // The thread that read them back closes its files by and by.
    for (let n = 0; n < 400 && openFiles(folder) > 0; n += 1) await sleep(5)
    t.equal(openFiles(folder), 0)
  },
)
