import { createAccessLog } from './access/access-log.ts'
import { createAdmin } from './admin/admin-service.ts'
import { configureDefaultProject } from './admin/default-project.ts'
import { createAppender } from './appender.ts'
import { createAuthenticator } from './auth/authenticator.ts'
import { hashKey } from './auth/key-secret.ts'
import { createKeyUses } from './auth/key-uses.ts'
import { createBackgroundWork } from './background/background-work.ts'
import { createClockTrust } from './background/clock-trust.ts'
import { createTrailErasure } from './erasure/erase-trail.ts'
import { createEraser } from './erasure/eraser.ts'
import { createFileHolds } from './files/file-holds.ts'
import { createFileLookup } from './files/file-lookup.ts'
import { createFiles } from './files/files-service.ts'
import { createIntake } from './files/intake/intake.ts'
import { createHealth } from './health.ts'
import { createAuditLog } from './history/audit-log.ts'
import { createHistory } from './history/create-history.ts'
import { createIdempotency } from './idempotency/idempotency.ts'
import { createBackgroundScrub } from './integrity/background-scrub.ts'
import { createDamageLog } from './integrity/damage-log.ts'
import { createScrub } from './integrity/scrub.ts'
import { createMasterKeyRotation } from './keys/master-key-rotation.ts'
import { createMemoryRateStore } from './rates/rate-store.ts'
import { createUploadRates } from './rates/upload-rates.ts'
import { createConsumerControl } from './reactions/consumer-control.ts'
import { createReactionRunner } from './reactions/reaction-runner.ts'
import type { Service, ServiceOptions } from './service.ts'
import type { ServiceEnvironment } from './service-environment.ts'
import { createUploads } from './uploads/create-uploads.ts'
import { createDigestThread } from './uploads/digests/digest-thread.ts'
import { openWebhooks } from './webhooks/open-webhooks.ts'

/** What leaves bytes behind that nobody has: of an upload that was completed, parts that the file does not have. */
const makesGarbage: ReadonlySet<string> = new Set([
  'FileDeleted',
  'FileExpired',
  'UploadCompleted',
  'UploadCancelled',
  'UploadExpired',
])

/** Opens the use cases on an environment; makes or updates the project `default` and its key. */
export async function createService(
  environment: ServiceEnvironment,
  options: ServiceOptions,
): Promise<Service> {
  const { log, ids, logger, plugins } = environment
  const { monotonic, accessEvents = 'off' } = options
  const { takeGarbageTurn = () => ({ release() {} }) } = options
  const appender = createAppender(log, ids)
  const keyUses = createKeyUses(environment, appender)
  const damageLog = createDamageLog(environment, appender)
  const reactions = createReactionRunner(environment, damageLog)
  const webhooks =
    options.webhooks && openWebhooks(environment, appender, options.webhooks)
  const clocks = await createClockTrust(environment, appender, monotonic)
  const consumers = createConsumerControl(
    environment,
    appender,
    reactions.nextPosition,
    () => background.wake('reactions'),
  )
  const eraser = createEraser(environment, appender, options.erasureFile)
  const masterKeys = createMasterKeyRotation(environment, appender, {
    store: options.masterKeys,
    takeTurn: takeGarbageTurn,
  })
  const access =
    accessEvents === 'off'
      ? undefined
      : createAccessLog(environment, appender, {
          all: accessEvents === 'all',
          onFull: () => background.wake('access'),
        })
  const scrub = createScrub(environment, createDigestThread(), damageLog, monotonic)
  const background = createBackgroundWork(environment, {
    ...{ appender, clocks, reactions, keyUses, eraser, access, takeGarbageTurn },
    scrub:
      options.scrub &&
      createBackgroundScrub(environment, scrub, { ...options.scrub, monotonic }),
  })

  // Before anything else is read: a database that was restored holds what was erased.
  await eraser.start()
  await configureDefaultProject(environment, appender, options)
  await reactions.start()

  const rates = createUploadRates(options.rateStore ?? createMemoryRateStore())
  const lookUp = createFileLookup(environment, appender)
  const intake = createIntake(environment)

  appender.onAppended((events) => {
    if (events.some(({ type }) => makesGarbage.has(type))) background.wake('garbage')
    if (events.some(({ type }) => type === 'PrivateDataErased')) {
      background.wake('erasure')
    }
    if (!events.some(({ type }) => type.startsWith('File'))) return
    if (plugins.reactions.length > 0) background.wake('reactions')
  })

  return {
    files: createFiles(environment, appender, lookUp, rates, intake, damageLog),
    uploads: createUploads(environment, appender, lookUp, rates, intake),
    holds: createFileHolds(environment, appender, lookUp),
    history: createHistory(environment, appender, monotonic),
    auditLog: createAuditLog(environment),
    idempotency: createIdempotency(environment),
    masterKeys,
    ...(webhooks && { webhooks: webhooks.useCases }),
    admin: createAdmin(environment, { appender, consumers, keyUses }, options.dialect),
    integrity: { ...scrub, acceptClock: clocks.accept },
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
    ...createHealth(environment, clocks),

    async startBackground() {
      background.start()
      await webhooks?.runner.start()
      await masterKeys.resume().catch((error: unknown) => {
        const what = 'going on with a rotation of the master key failed'
        logger.error({ err: error }, `${what}; it will be tried again`)
      })
    },
    async stopBackground() {
      await masterKeys.stop()
      await webhooks?.runner.stop()
      await background.stop()
    },
  }
}
