import { CustodyError, SYSTEM_PROJECT } from '@custody/domain'
import type { MaybePromise } from '@custody/event-log'
import { nextDeadline, nextUploadDeadline } from '@custody/file-index'
import {
  type AccessEvents,
  type AccessLog,
  createAccessLog,
} from './access/access-log.ts'
import { createAdmin } from './admin/admin-service.ts'
import { configureDefaultProject } from './admin/default-project.ts'
import type { AdminUseCases } from './admin-types.ts'
import { createAppender } from './appender.ts'
import { createAuthenticator } from './auth/authenticator.ts'
import { hashKey } from './auth/key-secret.ts'
import { createKeyUses } from './auth/key-uses.ts'
import type { Authentication } from './auth/principal.ts'
import { createClockGuard, lastAccepted } from './background/clock-guard.ts'
import { expireDueFiles, expireDueUploads } from './background/expiry-ticker.ts'
import { collectGarbage, type GarbageTurn } from './background/garbage-collector.ts'
import { sweepOrphans } from './background/orphan-sweep.ts'
import { type Repeating, repeat } from './background/repeat.ts'
import { createTrailErasure } from './erasure/erase-trail.ts'
import { createEraser } from './erasure/eraser.ts'
import type { ErasureFile } from './erasure/erasure-list.ts'
import type { Erasures } from './erasure/erasures.ts'
import { createFileHolds, type FileHolds } from './files/file-holds.ts'
import { createFileLookup } from './files/file-lookup.ts'
import type { Files } from './files/files.ts'
import { createFiles } from './files/files-service.ts'
import { diskFull, hasSpace } from './files/intake/disk-space.ts'
import { createIntake } from './files/intake/intake.ts'
import { type AuditLog, createAuditLog } from './history/audit-log.ts'
import { createHistory } from './history/create-history.ts'
import type { History } from './history/history.ts'
import { createIdempotency, type Idempotency } from './idempotency/idempotency.ts'
import { createBackgroundScrub, type ScrubStore } from './integrity/background-scrub.ts'
import { createDamageLog } from './integrity/damage-log.ts'
import type { Integrity } from './integrity/integrity.ts'
import { createScrub } from './integrity/scrub.ts'
import {
  createMasterKeyRotation,
  type MasterKeyRotation,
} from './keys/master-key-rotation.ts'
import type { MasterKeyStore } from './keys/master-key-store.ts'
import { isWebhookConsumer } from './log/decide-webhook.ts'
import { createMemoryRateStore, type RateStore } from './rates/rate-store.ts'
import { createUploadRates } from './rates/upload-rates.ts'
import { createConsumerControl } from './reactions/consumer-control.ts'
import { createReactionRunner } from './reactions/reaction-runner.ts'
import type { ServiceEnvironment } from './service-environment.ts'
import { createUploads } from './uploads/create-uploads.ts'
import { createDigestThread } from './uploads/digests/digest-thread.ts'
import type { Uploads } from './uploads/uploads.ts'
import { openWebhooks } from './webhooks/open-webhooks.ts'
import type { WebhookOptions, Webhooks } from './webhooks/webhook-types.ts'

export type ServiceOptions = {
  /** Keys that administer: the configured one, and that of this run for the command line. */
  readonly adminKeys: readonly string[]
  /** The key of the project `default`; a changed value revokes the former. Undefined: whatever it is stays. */
  readonly apiKey: string | undefined
  /** Dialect of the project `default`, and of projects that are made without one. */
  readonly dialect: string
  /** Milliseconds that never jump, for comparison with the clock. */
  readonly monotonic: () => number
  /** Where uploads are counted against rates. Default: in memory. */
  readonly rateStore?: RateStore
  /** Absent: there are no webhooks. */
  readonly webhooks?: WebhookOptions
  /** Where the master keys are. Absent: they are not rotated. */
  readonly masterKeys?: MasterKeyStore
  /** Where erasures are listed, outside of the database. */
  readonly erasureFile: ErasureFile
  /** Reads that are written down as events. Default: none. */
  readonly accessEvents?: AccessEvents
  /** Absent: stored content is read again only where somebody asks for it. */
  readonly scrub?: { readonly bytesPerSecond: number; readonly store: ScrubStore }
  /** Asked before garbage is destroyed; undefined: a backup is under way. Default: there are no backups. */
  readonly takeGarbageTurn?: () => GarbageTurn | undefined
}

/** Everything that Custody does, without HTTP. */
export interface Service {
  readonly files: Files
  readonly uploads: Uploads
  readonly holds: FileHolds
  readonly history: History
  readonly auditLog: AuditLog
  readonly admin: AdminUseCases
  readonly erasures: Erasures
  readonly integrity: Integrity
  /** Absent: no read is written down. */
  readonly access?: AccessLog
  readonly webhooks?: Webhooks
  readonly idempotency: Idempotency
  readonly masterKeys: MasterKeyRotation
  authenticate(token: string): MaybePromise<Authentication>
  /** Whether requests should be sent here, and why not. */
  health(): { readonly ready: boolean; readonly reasons: readonly string[] }
  /** What an operator should look at although requests are answered, a sentence each. */
  warnings(): Promise<readonly string[]>
  /** Begins what happens by itself: expiry, garbage, reactions, the sweep, idempotency rows. */
  startBackground(): Promise<void>
  stopBackground(): Promise<void>
}

/** What leaves bytes behind that nobody has: of an upload that was completed, parts that the file does not have. */
const makesGarbage: ReadonlySet<string> = new Set([
  'FileDeleted',
  'FileExpired',
  'UploadCompleted',
  'UploadCancelled',
  'UploadExpired',
])

const SECOND = 1000
const DAY = 24 * 60 * 60 * SECOND

/** Opens the use cases on an environment; makes or updates the project `default` and its key. */
export async function createService(
  environment: ServiceEnvironment,
  options: ServiceOptions,
): Promise<Service> {
  const { log, clock, ids, logger, plugins } = environment
  const appender = createAppender(log, ids)
  const keyUses = createKeyUses(environment, appender)
  const damageLog = createDamageLog(environment, appender)
  const reactions = createReactionRunner(environment, damageLog)
  const webhooks =
    options.webhooks && openWebhooks(environment, appender, options.webhooks)
  const guard = createClockGuard(clock, options.monotonic, await lastAccepted(log.reader))
  let background:
    | (Record<
        'expiry' | 'garbage' | 'reactions' | 'sweep' | 'rows' | 'keyUses' | 'erasure',
        Repeating
      > & { readonly scrub?: Repeating })
    | undefined
  let accessFlush: Repeating | undefined
  let distrust: string | undefined
  const consumers = createConsumerControl(
    environment,
    appender,
    reactions.nextPosition,
    () => background?.reactions.wake(),
  )

  const eraser = createEraser(environment, appender, options.erasureFile)
  const { accessEvents = 'off', takeGarbageTurn = () => ({ release() {} }) } = options
  const masterKeys = createMasterKeyRotation(environment, appender, {
    store: options.masterKeys,
    takeTurn: takeGarbageTurn,
  })
  const access =
    accessEvents === 'off'
      ? undefined
      : createAccessLog(environment, appender, {
          all: accessEvents === 'all',
          onFull: () => accessFlush?.wake(),
        })

  // Before anything else is read: a database that was restored holds what was erased.
  await eraser.start()
  await configureDefaultProject(environment, appender, options)
  await reactions.start()

  /** Looks at the clocks before anything is destroyed. */
  async function trusted(): Promise<boolean> {
    const { time } = await log.reader.head()
    const problem = guard.problem(time / 1000)
    if (problem !== distrust) {
      if (problem) logger.error({ problem }, 'the clock is not trusted; nothing expires')
      else logger.info({}, 'the clock is trusted again')
      distrust = problem
    }
    return problem === undefined
  }

  async function logSweep(signal: AbortSignal): Promise<void> {
    const result = await sweepOrphans(environment, { signal })
    const { outcome, orphans, removed, missing, objects } = result
    const found = { outcome, objects, orphans: orphans.length, removed: removed.length }
    if (missing.length > 0) {
      logger.error({ ...found, missing: missing.length }, 'files have lost their content')
    } else if (outcome === 'too_many') {
      logger.warn(found, 'too many orphans to be removed without --force: custody sweep')
    } else if (removed.length > 0) logger.info(found, 'orphans were removed')
  }

  const scrub = createScrub(
    environment,
    createDigestThread(),
    damageLog,
    options.monotonic,
  )
  const integrity: Integrity = {
    ...scrub,
    async acceptClock(by) {
      const { time } = await log.reader.head()
      const problem = guard.distrust(time / 1000)
      if (!problem) return null
      const { events } = await appender.append(
        { type: 'AcceptClock', wallTime: clock(), problem },
        { project: SYSTEM_PROJECT, ...by },
      )
      guard.accept((events[0]?.time ?? time) / 1000)
      await trusted()
      return problem
    },
  }
  const rates = createUploadRates(options.rateStore ?? createMemoryRateStore())
  const lookUp = createFileLookup(environment, appender)
  const intake = createIntake(environment)
  const files = createFiles(environment, appender, lookUp, rates, intake, damageLog)
  const failed = (what: string) => (error: unknown) =>
    logger.error({ err: error }, `${what} failed; it will be tried again`)

  appender.onAppended((events) => {
    if (events.some(({ type }) => makesGarbage.has(type))) background?.garbage.wake()
    if (events.some(({ type }) => type === 'PrivateDataErased')) {
      background?.erasure.wake()
    }
    if (!events.some(({ type }) => type.startsWith('File'))) return
    if (plugins.reactions.length > 0) background?.reactions.wake()
  })

  return {
    files,
    uploads: createUploads(environment, appender, lookUp, rates, intake),
    holds: createFileHolds(environment, appender, lookUp),
    history: createHistory(environment, appender, options.monotonic),
    auditLog: createAuditLog(environment),
    idempotency: createIdempotency(environment),
    masterKeys,
    ...(webhooks && { webhooks: webhooks.useCases }),
    admin: createAdmin(environment, { appender, consumers, keyUses }, options.dialect),
    integrity,
    erasures: {
      eraseFile: eraser.eraseFile,
      eraseTrail: createTrailErasure(environment, appender, eraser),
    },
    ...(access && { access }),
    authenticate: createAuthenticator(
      environment,
      appender,
      keyUses,
      options.adminKeys.map(hashKey),
    ),
    health() {
      const reasons = distrust === undefined ? [] : [`Nothing expires: ${distrust}.`]
      try {
        hasSpace(environment)
      } catch {
        reasons.push('The folder of content is gone.')
      }
      return { ready: reasons.length === 0, reasons }
    },
    async warnings() {
      const hasRoom = () => {
        try {
          return hasSpace(environment)
        } catch {
          // That is a reason not to be ready
          return true
        }
      }
      const stopped = (await log.reader.consumers()).filter(
        ({ name, status }) => status === 'stopped' && !isWebhookConsumer(name),
      )
      return [
        ...(hasRoom() ? [] : [diskFull]),
        ...(stopped.length === 0
          ? []
          : [`Consumers that have stopped: ${stopped.length} (custody consumers list).`]),
      ]
    },

    async startBackground() {
      background = {
        expiry: repeat({
          everyMs: SECOND,
          work: async (signal) => {
            const isPast = (due: number | undefined) =>
              due !== undefined && due * SECOND <= clock()
            // The clock is looked at every time: `/readyz` tells of it before something is due.
            if (!(await trusted())) return
            if (isPast(await nextDeadline(log.reader.sql)))
              await expireDueFiles(environment, appender, signal)
            if (isPast(await nextUploadDeadline(log.reader.sql)))
              await expireDueUploads(environment, appender, signal)
          },
          onError: failed('expiry'),
        }),
        garbage: repeat({
          everyMs: 60 * SECOND,
          delayMs: SECOND,
          work: async (signal) => {
            if (!(await trusted())) return
            await collectGarbage(environment, appender, signal, takeGarbageTurn)
          },
          onError: failed('garbage collection'),
        }),
        reactions: repeat({
          everyMs: 5 * SECOND,
          work: async (signal) => {
            const next = await reactions.run(signal)
            if (next !== undefined && next - clock() < 5 * SECOND) {
              setTimeout(
                () => background?.reactions.wake(),
                Math.max(next - clock(), 10),
              ).unref()
            }
          },
          onError: failed('delivery to plugins'),
        }),
        sweep: repeat({
          everyMs: DAY,
          work: logSweep,
          onError: failed('the orphan sweep'),
        }),
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
        ...(options.scrub && {
          scrub: repeat({
            everyMs: 60 * SECOND,
            work: createBackgroundScrub(environment, scrub, {
              ...options.scrub,
              monotonic: options.monotonic,
            }),
            onError: failed('reading stored content again'),
          }),
        }),
      }
      if (access) {
        accessFlush = repeat({
          everyMs: SECOND / 2,
          work: access.flush,
          onError: failed('writing down reads'),
        })
      }
      background.erasure.wake()
      background.garbage.wake()
      background.reactions.wake()
      background.scrub?.wake()
      await webhooks?.runner.start()
      await masterKeys
        .resume()
        .catch(failed('going on with a rotation of the master key'))
    },
    async stopBackground() {
      await masterKeys.stop()
      if (!background) return
      await webhooks?.runner.stop()
      await Promise.all(Object.values(background).map((one) => one.stop()))
      background = undefined
      await accessFlush?.stop()
      await access?.flush().catch(failed('writing down reads'))
      await keyUses.flush().catch(failed('writing down when keys were used'))
    },
  }
}

/** The first command of a log. */
export function genesis(software: string, ids: ServiceEnvironment['ids']) {
  return {
    command: { type: 'CreateLog' as const, logId: ids.uuid(), software },
    project: SYSTEM_PROJECT,
    actor: 'system',
    request: ids.prefixed('req_'),
    eventId: ids.uuid(),
  }
}

/** Where the log thread finds what it is to know of the events. */
export const logModuleUrl = new URL('./log/log-module.ts', import.meta.url)

/** @throws CustodyError `invalid_configuration` for a key that the configuration cannot supply. */
export function checkSuppliedKey(setting: string, value: string): void {
  if (!/^[\x21-\x7e]{20,256}$/.test(value)) {
    throw new CustodyError(
      'invalid_configuration',
      `${setting} must be 20 to 256 visible ASCII characters without spaces; it has ${value.length}.`,
    )
  }
}
