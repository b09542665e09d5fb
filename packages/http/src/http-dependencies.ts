import type {
  AccessLog,
  AdminUseCases,
  AuditLog,
  Authentication,
  Erasures,
  FileHolds,
  Files,
  History,
  Idempotency,
  Integrity,
  LogExport,
  MasterKeyRotation,
  Transparency,
  Uploads,
  Webhooks,
} from '@custody/service'

/** Logger in the manner of pino: fields first, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Whether requests should be sent here: `GET /readyz`. */
export type Health = {
  readonly ready: boolean
  /** Why not, a sentence each; empty when ready. */
  readonly reasons: readonly string[]
}

/** Everything that the HTTP layer needs from the rest of Custody. */
export type HttpDependencies = {
  /** Looks a key up, at once where it is known already. */
  authenticate(token: string): Authentication | Promise<Authentication>
  readonly files: Files
  /** Absent: the routes of files that come in parts do not exist. */
  readonly uploads?: Uploads
  /** Absent: no answer is kept for an `Idempotency-Key`. */
  readonly idempotency?: Idempotency
  /** Absent: the routes of holds do not exist. */
  readonly holds?: FileHolds
  /** Absent: master keys are not rotated. */
  readonly masterKeys?: MasterKeyRotation
  /** Absent: nothing can be erased. */
  readonly erasures?: Erasures
  /** Absent: nobody can ask for stored content to be read again. */
  readonly integrity?: Integrity
  /** Absent: no read is written down. */
  readonly access?: AccessLog
  /** Absent: the routes of events do not exist, and nobody can look back. */
  readonly history?: History
  /** Absent: the route of the audit log does not exist. */
  readonly auditLog?: AuditLog
  /** Absent: the routes of webhooks do not exist. */
  readonly webhooks?: Webhooks
  /** Absent: the routes under `/v1/log`, and those of proofs and receipts, do not exist. */
  readonly transparency?: Transparency
  /** Absent: the log cannot be exported. */
  readonly exportLog?: LogExport
  /** Absent: the routes under `/v1/organization` do not exist. */
  readonly admin?: AdminUseCases
  health(): Health
  /** What an operator should look at although requests are answered, a sentence each. Absent: nothing is known. */
  warnings?(): Promise<readonly string[]>
  readonly logger: Logger
  /**
   * Collects what has just died (V8: a minor collection). Called after every 4 MiB of streamed bodies: see
   * docs/decisions/0011-minor-collections.md. Absent: that is left to the runtime.
   */
  collectYoung?(): void
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number }
  /** 32 lower-case hex digits that never repeat. */
  randomId(): string
  /** Name of the dialect of answers to requests without a valid key. */
  readonly defaultDialect: string
}
