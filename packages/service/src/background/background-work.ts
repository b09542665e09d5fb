import { nextDeadline, nextUploadDeadline } from '@custody/file-index'
import type { AccessLog } from '../access/access-log.ts'
import type { Appender } from '../appender.ts'
import type { KeyUses } from '../auth/key-uses.ts'
import type { Eraser } from '../erasure/eraser.ts'
import type { ReactionRunner } from '../reactions/reaction-runner.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { ClockTrust } from './clock-trust.ts'
import { expireDueFiles, expireDueUploads } from './expiry-ticker.ts'
import { collectGarbage, type GarbageTurn } from './garbage-collector.ts'
import { sweepOrphans } from './orphan-sweep.ts'
import { type Repeating, repeat } from './repeat.ts'

/** What does the work, and what it is asked for. */
export type BackgroundParts = {
  readonly appender: Appender
  readonly clocks: ClockTrust
  readonly reactions: Pick<ReactionRunner, 'run'>
  readonly keyUses: Pick<KeyUses, 'flush'>
  readonly eraser: Pick<Eraser, 'tidy'>
  /** Absent: no read is written down. */
  readonly access?: Pick<AccessLog, 'flush'> | undefined
  /** Reads stored content again. Absent: that does not happen by itself. */
  readonly scrub?: ((signal: AbortSignal) => Promise<void>) | undefined
  readonly takeGarbageTurn: () => GarbageTurn | undefined
}

type Work =
  | 'expiry'
  | 'garbage'
  | 'reactions'
  | 'sweep'
  | 'rows'
  | 'keyUses'
  | 'erasure'
  | 'scrub'
  | 'access'

/** What happens by itself, each piece of it every so often. */
export interface BackgroundWork {
  start(): void
  /** Resolves when nothing of it is under way, and what was held in memory is written down. */
  stop(): Promise<void>
  /** One piece runs soon; nothing where it has not been started. */
  wake(work: Work): void
}

const SECOND = 1000
const DAY = 24 * 60 * 60 * SECOND

export function createBackgroundWork(
  environment: ServiceEnvironment,
  parts: BackgroundParts,
): BackgroundWork {
  const { log, clock, logger } = environment
  const { appender, clocks, reactions, keyUses, eraser, access, scrub } = parts
  let running: Partial<Record<Work, Repeating>> | undefined

  async function expire(signal: AbortSignal): Promise<void> {
    const isPast = (due: number | undefined) =>
      due !== undefined && due * SECOND <= clock()
    // The clock is looked at every time: `/readyz` tells of it before something is due.
    if (!(await clocks.check())) return
    if (isPast(await nextDeadline(log.reader.sql))) {
      await expireDueFiles(environment, appender, signal)
    }
    if (isPast(await nextUploadDeadline(log.reader.sql))) {
      await expireDueUploads(environment, appender, signal)
    }
  }

  async function destroyGarbage(signal: AbortSignal): Promise<void> {
    if (!(await clocks.check())) return
    await collectGarbage(environment, appender, signal, parts.takeGarbageTurn)
  }

  async function react(signal: AbortSignal): Promise<void> {
    const next = await reactions.run(signal)
    if (next === undefined || next - clock() >= 5 * SECOND) return
    setTimeout(() => wake('reactions'), Math.max(next - clock(), 10)).unref()
  }

  async function sweep(signal: AbortSignal): Promise<void> {
    const result = await sweepOrphans(environment, { signal })
    const { outcome, orphans, removed, missing, objects } = result
    const found = { outcome, objects, orphans: orphans.length, removed: removed.length }
    if (missing.length > 0) {
      logger.error({ ...found, missing: missing.length }, 'files have lost their content')
    } else if (outcome === 'too_many') {
      logger.warn(found, 'too many orphans to be removed without --force: custody sweep')
    } else if (removed.length > 0) logger.info(found, 'orphans were removed')
  }

  const failed = (what: string) => (error: unknown) =>
    logger.error({ err: error }, `${what} failed; it will be tried again`)

  function wake(work: Work): void {
    running?.[work]?.wake()
  }

  return {
    wake,
    start() {
      running = {
        expiry: repeat({ everyMs: SECOND, work: expire, onError: failed('expiry') }),
        garbage: repeat({
          everyMs: 60 * SECOND,
          delayMs: SECOND,
          work: destroyGarbage,
          onError: failed('garbage collection'),
        }),
        reactions: repeat({
          everyMs: 5 * SECOND,
          work: react,
          onError: failed('delivery to plugins'),
        }),
        sweep: repeat({ everyMs: DAY, work: sweep, onError: failed('the orphan sweep') }),
        rows: repeat({
          everyMs: 600 * SECOND,
          work: async () => void (await log.forgetIdempotency()),
          onError: failed('forgetting old idempotency keys'),
        }),
        keyUses: repeat({
          everyMs: 60 * SECOND,
          work: () => keyUses.flush(),
          onError: failed('writing down when keys were used'),
        }),
        erasure: repeat({
          everyMs: 30 * SECOND,
          delayMs: SECOND,
          work: eraser.tidy,
          onError: failed('removing what erased data has left'),
        }),
        ...(scrub && {
          scrub: repeat({
            everyMs: 60 * SECOND,
            work: scrub,
            onError: failed('reading stored content again'),
          }),
        }),
        ...(access && {
          access: repeat({
            everyMs: SECOND / 2,
            work: access.flush,
            onError: failed('writing down reads'),
          }),
        }),
      }
      for (const work of ['erasure', 'garbage', 'reactions', 'scrub'] as const) wake(work)
    },
    async stop() {
      if (!running) return
      await Promise.all(Object.values(running).map((one) => one.stop()))
      running = undefined
      await access?.flush().catch(failed('writing down reads'))
      await keyUses.flush().catch(failed('writing down when keys were used'))
    },
  }
}
