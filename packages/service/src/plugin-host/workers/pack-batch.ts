import type { ToThread } from '../protocol.ts'
import type { Job } from './job.ts'

/** One message for many small files, with all their bytes in one buffer. `hold` gives each its slot. */
export function packBatch(
  jobs: readonly Job[],
  hold: (job: Job) => number,
): Extract<ToThread, { readonly kind: 'batch' }> {
  let total = 0
  for (const { size } of jobs) total += size
  const packed = new Uint8Array(total)
  const slots: number[] = []
  const dialects: string[] = []
  const purposes: string[] = []
  const names: string[] = []
  const sizes: number[] = []
  let start = 0
  for (const job of jobs) {
    if (job.work.kind !== 'small') continue
    packed.set(job.work.bytes, start)
    start += job.size
    slots.push(hold(job))
    dialects.push(job.work.dialect)
    purposes.push(job.work.purpose)
    names.push(job.work.filename)
    sizes.push(job.size)
  }
  const bytes = packed.buffer
  return { kind: 'batch', slots, dialects, purposes, names, sizes, bytes }
}
