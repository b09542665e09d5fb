import type { MaybePromise } from '@custody/event-log'
import type { AccessEvents, AccessLog } from './access/access-log.ts'
import type { AdminUseCases } from './admin-types.ts'
import type { Authentication } from './auth/principal.ts'
import type { GarbageTurn } from './background/garbage-collector.ts'
import type { ErasureFile } from './erasure/erasure-list.ts'
import type { Erasures } from './erasure/erasures.ts'
import type { FileHolds } from './files/file-holds.ts'
import type { Files } from './files/files.ts'
import type { AuditLog } from './history/audit-log.ts'
import type { History } from './history/history.ts'
import type { Idempotency } from './idempotency/idempotency.ts'
import type { ScrubStore } from './integrity/background-scrub.ts'
import type { Integrity } from './integrity/integrity.ts'
import type { MasterKeyRotation } from './keys/master-key-rotation.ts'
import type { MasterKeyStore } from './keys/master-key-store.ts'
import type { RateStore } from './rates/rate-store.ts'
import type { Uploads } from './uploads/uploads.ts'
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
