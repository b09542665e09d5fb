import { createHash, hash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import t from 'tap'
import { MiB, never, openStore } from '../fixtures/stores.ts'

// First, so that no garbage of other tests is collected while it counts.
t.test('32 uploads that outrun the disk take 32 MiB of memory at most', async (t) => {
  const store = await openStore(t)
  const chunk = randomBytes(65_536)
  const before = process.memoryUsage().arrayBuffers
  const spools = Array.from({ length: 32 }, () => {
    const spool = store.spool({ maxBytes: 64 * MiB, signal: never })
    // No turn of the event loop in between, so nothing is written meanwhile.
    while (spool.write(chunk) === undefined);
    return spool
  })
  const taken = process.memoryUsage().arrayBuffers - before
  t.ok(taken > 28 * MiB && taken <= 33 * MiB, `${taken} bytes`)
  await Promise.all(spools.map((spool) => spool.discard()))
})

t.test('whatever the chunks, the content is their bytes in their order', async (t) => {
  const store = await openStore(t)
  const noise = randomBytes(3 * MiB)
  const size = fc.oneof(
    fc.nat(100),
    fc.nat(70_000),
    fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 262_144, 262_145, 2 * MiB),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 12 }), async (sizes) => {
      const spool = store.spool({ maxBytes: 64 * MiB, signal: never })
      const expected = createHash('sha256')
      let bytes = 0
      for (const [n, size] of sizes.entries()) {
        const chunk = Buffer.from(noise.subarray(n, n + size))
        expected.update(chunk)
        bytes += size
        await spool.write(chunk)
      }
      const content = await spool.end()
      const digest = expected.digest('hex')
      const stored = content.inline ?? (await readFile(content.path ?? ''))
      const right =
        content.bytes === bytes &&
        content.sha256 === digest &&
        hash('sha256', stored, 'hex') === digest
      await content.discard()
      return right
    }),
    { numRuns: 60 },
  )
})

t.test('a producer that waits is told when the spool is discarded', async (t) => {
  const store = await openStore(t)
  const spool = store.spool({ maxBytes: 64 * MiB, signal: never })
  const waiting = spool.write(randomBytes(4 * MiB))
  t.ok(waiting instanceof Promise)
  t.throws(() => spool.write(Buffer.alloc(1)), { message: /former one/ })
  await t.rejects(spool.end(), { message: /last chunk/ })
  const rejected = t.rejects(Promise.resolve(waiting), { message: /discarded/ })
  await spool.discard()
  await rejected
})

t.test('nothing can be written after the end', async (t) => {
  const store = await openStore(t)
  const spool = store.spool({ maxBytes: MiB, signal: never })
  await spool.write(Buffer.from('abc'))
  await spool.end()
  t.throws(() => spool.write(Buffer.from('d')), { message: /has ended/ })
  await t.rejects(spool.end(), { message: /has ended/ })
})

t.test('an abort after the end leaves the content alone', async (t) => {
  const store = await openStore(t)
  const abort = new AbortController()
  const spool = store.spool({ maxBytes: MiB, signal: abort.signal })
  await spool.write(randomBytes(MiB))
  const content = await spool.end()
  abort.abort()
  t.equal((await readFile(content.path ?? '')).length, MiB)
  await content.discard()
})
