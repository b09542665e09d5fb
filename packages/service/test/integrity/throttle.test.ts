import t from 'tap'
import { createThrottle } from '../../src/integrity/throttle.ts'

const MiB = 2 ** 20
const never = new AbortController().signal

/** A throttle on a clock that only its own sleep moves. */
function start(bytesPerSecond: number) {
  const time = { now: 0 }
  const wait = createThrottle({
    bytesPerSecond,
    monotonic: () => time.now,
    sleep: async (milliseconds) => {
      time.now += milliseconds
    },
  })
  return { time, read: (bytes: number) => wait(bytes, never) }
}

t.test('reads take as long together as the rate says', async (t) => {
  const { time, read } = start(10 * MiB)
  for (let count = 0; count < 100; count += 1) await read(MiB)
  t.ok(time.now > 9_500 && time.now <= 10_000, `${time.now} ms`)
})

t.test('a small read counts as 16 KiB', async (t) => {
  const { time, read } = start(MiB)
  for (let count = 0; count < 640; count += 1) await read(1)
  t.ok(time.now > 9_500 && time.now <= 10_000, `${time.now} ms`)
})

t.test('what was not read in an hour is not made up for', async (t) => {
  const { time, read } = start(MiB)
  await read(MiB)
  time.now += 3_600_000
  const before = time.now
  for (let count = 0; count < 10; count += 1) await read(MiB)
  t.ok(time.now - before > 9_500, `${time.now - before} ms`)
})
