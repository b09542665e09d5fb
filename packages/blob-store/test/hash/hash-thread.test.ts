import { createHash } from 'node:crypto'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { HashThread } from '../../src/hash/hash-thread.ts'

const MiB = 1024 * 1024

t.test('a file is hashed up to where it was written, while it grows', async (t) => {
  const thread = new HashThread()
  t.teardown(() => thread.close())
  const path = join(t.testdir({}), 'growing')
  writeFileSync(path, 'first')
  const hash = thread.open(path)
  hash.advance(5)
  writeFileSync(path, 'first, second')
  hash.advance(7)
  t.equal(
    await hash.digest(13),
    createHash('sha256').update('first, second').digest('hex'),
  )
  await hash.cancel()
})

t.test('a short file does not wait for a long one', async (t) => {
  const thread = new HashThread()
  t.teardown(() => thread.close())
  const folder = t.testdir({ long: '', short: 'x' })
  truncateSync(join(folder, 'long'), 128 * MiB)
  const ended: string[] = []
  const digest = async (name: string, bytes: number) => {
    await thread.open(join(folder, name)).digest(bytes)
    ended.push(name)
  }
  await Promise.all([digest('long', 128 * MiB), digest('short', 1)])
  t.same(ended, ['short', 'long'])
})

t.test('a file that is shorter than was said fails, and no other', async (t) => {
  const thread = new HashThread()
  t.teardown(() => thread.close())
  const folder = t.testdir({ file: 'abc' })
  const lost = thread.open(join(folder, 'lost'))
  const short = thread.open(join(folder, 'file'))
  const right = thread.open(join(folder, 'file'))
  await t.rejects(lost.digest(3), {
    code: 'internal_error',
    cause: { message: /ENOENT/ },
  })
  await t.rejects(short.digest(4), {
    code: 'internal_error',
    cause: { message: /byte 3/ },
  })
  t.equal(await right.digest(3), createHash('sha256').update('abc').digest('hex'))
})

t.test(
  'a thread that dies fails its files with a clear error, and is replaced',
  async (t) => {
    const workers: Worker[] = []
    const entry = new URL('../../src/hash/hash-worker.ts', import.meta.url)
    const thread = new HashThread({
      createWorker: () => {
        const worker = new Worker(entry, { env: {} })
        workers.push(worker)
        return worker
      },
    })
    t.teardown(() => thread.close())
    const path = join(t.testdir({ file: 'abc' }), 'file')
    const [first, second] = [thread.open(path), thread.open(path)]
    const digest = t.rejects(first.digest(3), {
      code: 'internal_error',
      cause: { message: /thread ended/ },
    })
    await workers[0]?.terminate()
    await digest
    await second.cancel()
    t.equal(
      await thread.open(path).digest(3),
      createHash('sha256').update('abc').digest('hex'),
    )
    t.equal(workers.length, 2)
  },
)

t.test('a closed thread takes no more files, and fails those that it had', async (t) => {
  const thread = new HashThread()
  const path = join(t.testdir({ file: 'abc' }), 'file')
  const digest = t.rejects(thread.open(path).digest(3), { code: 'internal_error' })
  await thread.close()
  await digest
  t.throws(() => thread.open(path), { code: 'overloaded' })
})
