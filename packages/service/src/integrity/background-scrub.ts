import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { Scrub, ScrubSlice } from './scrub.ts'
import { createThrottle } from './throttle.ts'

const MiB = 2 ** 20
const DAY_MS = 24 * 60 * 60 * 1000

/** Bytes after which it is written down how far it got. */
const SLICE_BYTES = 16 * MiB

/** Where the scrub that happens by itself keeps how far it got. */
export interface ScrubStore {
  /** Undefined: it never began. */
  read(): string | undefined
  write(text: string): void
}

/** One pass over all content. */
export type ScrubPass = {
  /** Unix milliseconds. */
  readonly began: number
  /** Unix milliseconds; null: it goes on. */
  readonly ended: number | null
  /** Where it goes on. */
  readonly next: string | null
  readonly files: number
  readonly bytes: number
  readonly damaged: number
  readonly repaired: number
}

/**
 * Reads all content again, over and over: at a rate, at most once a day, and after a restart from where it was.
 *
 * @returns what looks whether a pass is due, and runs it to its end or until the signal
 */
export function createBackgroundScrub(
  { clock, ids, logger }: Pick<ServiceEnvironment, 'clock' | 'ids' | 'logger'>,
  scrub: Scrub,
  options: {
    readonly bytesPerSecond: number
    readonly monotonic: () => number
    readonly store: ScrubStore
  },
): (signal: AbortSignal) => Promise<void> {
  const { store } = options
  const throttle = createThrottle({
    ...options,
    sleep: (milliseconds, signal) =>
      sleep(milliseconds, undefined, { signal, ref: false }),
  })

  function tell({ damaged, unreadable, repaired }: ScrubSlice): void {
    for (const { problem, ...place } of unreadable) {
      logger.error({ ...place, problem }, 'stored content could not be read')
    }
    for (const { problem, ...place } of damaged) {
      logger.error({ ...place, problem }, 'stored content is damaged')
    }
    for (const place of repaired) {
      logger.info(place, 'stored content that was damaged is whole again')
    }
  }

  return async (signal) => {
    const last = parsePass(store.read())
    if (last?.ended !== null && last !== undefined && clock() - last.began < DAY_MS)
      return
    let pass: ScrubPass = last?.ended === null ? last : begun(clock())
    while (pass.ended === null) {
      const slice = await scrub.slice({
        from: pass.next ?? undefined,
        maxBytes: SLICE_BYTES,
        pace: throttle,
        signal,
        by: { actor: 'system:scrub', requestId: ids.prefixed('req_') },
      })
      tell(slice)
      pass = {
        began: pass.began,
        ended: slice.next === null ? clock() : null,
        next: slice.next,
        files: pass.files + slice.files,
        bytes: pass.bytes + slice.bytes,
        damaged: pass.damaged + slice.damaged.length,
        repaired: pass.repaired + slice.repaired.length,
      }
      store.write(JSON.stringify(pass))
    }
    const { files, bytes, damaged, repaired } = pass
    logger.info({ files, bytes, damaged, repaired }, 'all content was read again')
  }
}

const begun = (now: number): ScrubPass => ({
  began: now,
  ended: null,
  next: null,
  files: 0,
  bytes: 0,
  damaged: 0,
  repaired: 0,
})

/** What is none counts as never begun. */
export function parsePass(text: string | undefined): ScrubPass | undefined {
  if (text === undefined) return undefined
  let found: Partial<Record<keyof ScrubPass, unknown>>
  try {
    found = Object(JSON.parse(text))
  } catch {
    return undefined
  }
  const { began, ended = null, next = null, files, bytes, damaged, repaired } = found
  const numbers = [began, files, bytes, damaged, repaired]
  if (!numbers.every((one) => Number.isSafeInteger(one))) return undefined
  if (ended !== null && !Number.isSafeInteger(ended)) return undefined
  if (next !== null && !/^[1-9]\d{0,14}\.\d{1,9}$/.test(String(next))) return undefined
  return {
    began: Number(began),
    ended: ended === null ? null : Number(ended),
    next: next === null ? null : String(next),
    files: Number(files),
    bytes: Number(bytes),
    damaged: Number(damaged),
    repaired: Number(repaired),
  }
}
