import fc from 'fast-check'
import t from 'tap'
import { createQuotaLedger } from '../../src/usage/quota-ledger.ts'

const refused = { code: 'storage_quota_exceeded' }

/** A log that counts what is told to it. */
function openLedger() {
  const log = { stored: 0, looks: 0 }
  const ledger = createQuotaLedger(async () => {
    log.looks += 1
    return log.stored
  })
  const open = (quota: number, atLeast = 0) =>
    ledger.open({ project: 'north', quota, atLeast })
  return { log, ledger, open }
}

t.test(
  'a reservation grows with the upload, to the last byte of the quota',
  async (t) => {
    const { ledger, open } = openLedger()
    const one = open(100)
    const other = open(100)
    await one.cover(40)
    await other.cover(60)
    t.equal(ledger.reservedBytes('north'), 100)
    t.equal(ledger.reservedBytes('south'), 0)
    await one.cover(30)
    t.equal(ledger.reservedBytes('north'), 100, 'it does not shrink')
    await t.rejects(Promise.resolve(one.cover(41)), refused)
    t.equal(ledger.reservedBytes('north'), 60, 'who is refused holds nothing any more')
    other.release()
    other.release()
    t.equal(ledger.reservedBytes('north'), 0)
  },
)

t.test('what the log counts is never counted a second time', async (t) => {
  const { log, open } = openLedger()
  const one = open(100)
  await one.cover(60)
  one.handOver()
  log.stored = 60
  await open(100).cover(40)
  const late = open(100)
  await t.rejects(Promise.resolve(late.cover(1)), refused)
})

t.test('deletes are seen before anybody is refused', async (t) => {
  const { log, open } = openLedger()
  log.stored = 100
  await t.rejects(Promise.resolve(open(100).cover(1)), refused)
  log.stored = 0
  await open(100).cover(100)
})

t.test(
  'a file that is known to be too large is refused with its first byte',
  async (t) => {
    const { open } = openLedger()
    await t.rejects(Promise.resolve(open(100, 101).cover(1)), refused)
    await open(100, 100).cover(1)
  },
)

t.test('an upload that ends while usage is looked up holds nothing', async (t) => {
  const { ledger, open } = openLedger()
  const one = open(100)
  const covering = one.cover(10)
  one.release()
  await covering
  t.equal(ledger.reservedBytes('north'), 0)
})

t.test('usage is looked up only where it may matter', async (t) => {
  const { log, open } = openLedger()
  const one = open(100)
  await one.cover(1)
  for (let bytes = 2; bytes <= 100; bytes += 1) t.equal(one.cover(bytes), undefined)
  t.equal(log.looks, 1)
})

t.test(
  'of files of one size, uploaded in any order, as many fit as there is room',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat({ max: 9 }), { minLength: 200, maxLength: 200 }),
        async (room, turns) => {
          const size = 10
          const { log, open } = openLedger()
          const quota = room * size + 3
          type Upload = { bytes: number; reservation: ReturnType<typeof open> }
          const running = new Map<number, Upload>(
            Array.from({ length: 10 }, (_, n) => [
              n,
              { bytes: 0, reservation: open(quota) },
            ]),
          )
          let taken = 0
          for (const [step, turn] of [...turns, ...turns].entries()) {
            const n = [...running.keys()][(turn + step) % Math.max(1, running.size)]
            const upload = n === undefined ? undefined : running.get(n)
            if (n === undefined || !upload) break
            upload.bytes += 1
            try {
              await upload.reservation.cover(upload.bytes)
            } catch {
              running.delete(n)
              continue
            }
            if (upload.bytes < size) continue
            upload.reservation.handOver()
            // As the log does it, under its lock.
            if (log.stored + size <= quota) {
              log.stored += size
              taken += 1
            }
            running.delete(n)
          }
          return running.size === 0 && taken === room
        },
      ),
      { numRuns: 50 },
    )
  },
)
