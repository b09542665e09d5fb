import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { uploadOne, uploadSeveral } from '../load/upload-one.ts'
import type { Custody } from '../servers/custody.ts'
import type { Row } from './row.ts'

const MiB = 2 ** 20

/** How long a server is left alone before it counts as idle. */
const REST_MS = 1000

export const memory: Row = {
  name: 'memory',
  about: 'peak of resident memory while large files arrive, above what it is when idle',
  async measure(bench) {
    if (process.platform !== 'linux')
      return { comparisons: [], missing: 'skipped: it reads /proc, which is Linux only' }
    const one = await measureGrowth(bench, 'one upload of 512 MiB', (custody) =>
      uploadOne(custody, { kind: 'random', bytes: 512 * MiB }),
    )
    const many = await measureGrowth(bench, '32 uploads of 64 MiB at once', (custody) =>
      uploadSeveral(custody, { kind: 'random', bytes: 64 * MiB }, 'user_data', 32),
    )
    const shared = { unit: 'MiB', by: 'difference' } as const
    return {
      comparisons: [
        {
          ...shared,
          ...one,
          name: 'memory, one upload of 512 MiB / idle',
          bound: { atMost: 64 },
        },
        {
          ...shared,
          ...many,
          name: 'memory, 32 uploads of 64 MiB at once / idle',
          bound: { atMost: 200 },
        },
      ],
    }
  },
}

/** A new server for each round: what one upload leaves behind must not hide what the next one takes. */
async function measureGrowth(
  bench: Bench,
  what: string,
  work: (custody: Custody) => Promise<unknown>,
) {
  const ours: number[] = []
  const reference: number[] = []
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    const custody = await bench.startCustody()
    // Code that is loaded with the first upload is no growth.
    await uploadOne(custody, { kind: 'random', bytes: 4096 })
    await delay(REST_MS)
    const idle = residentMiB(custody.pid, 'VmRSS')
    forgetPeak(custody.pid)
    await work(custody)
    const peak = residentMiB(custody.pid, 'VmHWM')
    bench.report(`  round ${round}  ${what}: ${idle.toFixed(0)} → ${peak.toFixed(0)} MiB`)
    reference.push(idle)
    ours.push(peak)
    await bench.clear()
  }
  return { ours, reference }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function residentMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(kibibytes) / 1024
}

/** `5` sets the peak back to what is resident now: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
