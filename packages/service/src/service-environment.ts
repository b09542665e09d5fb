import type { BlobStore } from '@custody/blob-store'
import type { EventLog } from '@custody/event-log'
import type { Scope } from './auth/principal.ts'
import type { Ids } from './ids.ts'
import type { KeyRing } from './keys/key-ring.ts'
import type { PluginHost } from './plugin-host/index.ts'

/** The service's log: pino's shape, the object first. Never a key, a file name, metadata or content. */
export interface Logger {
  debug(object: object, message: string): void
  info(object: object, message: string): void
  warn(object: object, message: string): void
  error(object: object, message: string): void
}

/** Unix milliseconds. */
export type Clock = () => number

/** What the use cases stand on. */
export type ServiceEnvironment = {
  readonly log: EventLog
  readonly blobs: BlobStore
  readonly plugins: PluginHost
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  /** Undefined: nothing is sealed, and nothing was. */
  readonly keys?: KeyRing | undefined
}

/** Every scope that a key can have. */
export const ALL_SCOPES: readonly Scope[] = [
  'api.files.read',
  'api.files.write',
  'api.files.write_output',
  'api.files.hold',
  'api.files.erase',
  'api.audit.read',
  'api.webhooks.write',
]

/** What a service account gets that was made without `scopes`. */
export const DEFAULT_SCOPES: readonly Scope[] = [
  'api.files.read',
  'api.files.write',
  'api.audit.read',
]
