import { type ControlBlock, SLOTS, word } from '../protocol.ts'
import type { Job } from './job.ts'

/** What one worker holds, each in a slot by which its thread knows it. */
export class HeldJobs {
  readonly #words: ControlBlock['words']
  readonly #jobs = new Map<number, Job>()
  /** Of files that were taken back; the thread still has them. */
  readonly #leftSlots = new Set<number>()
  readonly #freeSlots: number[] = Array.from({ length: SLOTS }, (_, slot) => slot)

  constructor({ words }: ControlBlock) {
    this.#words = words
  }

  get size(): number {
    return this.#jobs.size
  }

  /** With their slots. */
  entries(): IterableIterator<[number, Job]> {
    return this.#jobs.entries()
  }

  values(): IterableIterator<Job> {
    return this.#jobs.values()
  }

  get(slot: number): Job | undefined {
    return this.#jobs.get(slot)
  }

  slotOf(job: Job): number | undefined {
    for (const [slot, held] of this.#jobs) if (held === job) return slot
    return undefined
  }

  /** The plugin that looks at it now (its index + 1), or 0. */
  stageOf(slot: number): number {
    return Math.abs(Atomics.load(this.#words, word.slots + slot))
  }

  /** One of them waits for nothing outside the thread. */
  get hasReady(): boolean {
    for (const slot of this.#jobs.keys()) {
      if (Atomics.load(this.#words, word.slots + slot) >= 0) return true
    }
    return false
  }

  /** @throws RangeError when all slots are taken */
  hold(job: Job): number {
    const slot = this.#freeSlots.pop()
    if (slot === undefined) throw new RangeError(`A worker holds at most ${SLOTS} files.`)
    job.stage = 0
    this.#jobs.set(slot, job)
    return slot
  }

  /** The thread is done with the slot. Undefined: its job was taken back before. */
  release(slot: number): Job | undefined {
    const job = this.#jobs.get(slot)
    if (this.#jobs.delete(slot) || this.#leftSlots.delete(slot))
      this.#freeSlots.push(slot)
    return job
  }

  /** The job goes elsewhere; the slot stays taken until the thread is done with it. */
  takeBack(slot: number): void {
    if (this.#jobs.delete(slot)) this.#leftSlots.add(slot)
  }
}
