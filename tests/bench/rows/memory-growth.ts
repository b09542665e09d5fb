import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { uploadOne } from '../load/upload-one.ts'
import type { Custody, CustodyOptions } from '../servers/custody.ts'

/** How long a server is left alone before it counts as idle. */
const REST_MS = 1000

/** What is said where there is no `/proc`. */
export const needsLinux = 'skipped: it reads /proc, which is Linux only'

/**
 * Resident memory, in MiB: of an idle server, and the peak while it works. A new server for each round: what one upload
 * leaves behind must not hide what the next one takes.
 *
 * @param prepare What a server of its own does before, on the same data folder.
 */
export async function measureGrowth<Prepared = undefined>(
  bench: Bench,
  what: string,
  {
    seal = 'off',
    prepare,
    work,
  }: Pick<CustodyOptions, 'seal'> & {
    readonly prepare?: (custody: Custody) => Promise<Prepared>
    readonly work: (custody: Custody, prepared: Prepared | undefined) => Promise<unknown>
  },
) {
  const ours: number[] = []
  const reference: number[] = []
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    const dataDir = bench.folder('custody')
    let prepared: Prepared | undefined
    if (prepare) {
      const before = await bench.startCustody({ dataDir, seal })
      prepared = await prepare(before)
      await before.stop()
    }
    const custody = await bench.startCustody({ dataDir, seal })
    // Code that is loaded with the first upload is no growth.
    await uploadOne(custody, { kind: 'random', bytes: 4096 })
    await delay(REST_MS)
    const idle = residentMiB(custody.pid, 'VmRSS')
    forgetPeak(custody.pid)
    await work(custody, prepared)
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
