import { ALL_SCOPES, type Scope } from '@custody/service'
import {
  boolean,
  clearable,
  integer,
  object,
  oneOf,
  optional,
  type Reader,
  record,
  someOf,
  text,
} from '../body/body-shape.ts'
import { dialectNames } from '../dialects/dialects.ts'

const accepted: readonly (Scope | 'inference')[] = [...ALL_SCOPES, 'inference']

const maxInteger = Number.MAX_SAFE_INTEGER
const tenYears = 315_360_000

/** `inference` means read and write. */
const scopeList: Reader<Scope[]> = (value, param) => {
  const named = someOf(oneOf(accepted), accepted)(value, param)
  const meant = named.flatMap((scope): Scope[] =>
    scope === 'inference' ? ['api.files.read', 'api.files.write'] : [scope],
  )
  return [...new Set(meant)]
}

/** So that the limits of a project fit into a record of the log, however they are written. */
const purposeNames = { maxKeys: 100, maxKeyLength: 64 }

const bytes = integer(1, maxInteger)
const seconds = integer(1, tenYears)
const perMinute = integer(1, 1_000_000)

const limits = object({
  max_file_bytes: optional(bytes),
  purposes: optional(
    record(
      object({ max_bytes: optional(bytes), default_expiry_seconds: optional(seconds) }),
      purposeNames,
    ),
  ),
  quota_bytes: optional(bytes),
  uploads_per_minute: optional(perMinute),
  retain_seconds: optional(seconds),
})

const name = text(256)
const dialect = oneOf(dialectNames)

/** `POST /v1/organization/projects` */
export const newProject = object({
  name,
  dialect: optional(dialect),
  limits: optional(limits),
})

/** `POST /v1/organization/projects/{id}` */
export const projectChanges = object({
  name: optional(name),
  dialect: optional(dialect),
  limits: optional(limits),
})

/** `POST …/service_accounts` */
export const newServiceAccount = object({
  name,
  scopes: optional(scopeList),
  expires_in_seconds: optional(seconds),
  uploads_per_minute: optional(perMinute),
  create_service_account_only: optional(boolean),
})

/** `POST …/service_accounts/{id}`. OpenAI knows owners besides; here an account is a member. */
export const serviceAccountChanges = object({
  name: optional(name),
  role: optional(oneOf(['member'])),
})

/** `POST …/service_accounts/{id}/api_keys` */
export const newApiKey = object({
  name: optional(name),
  scopes: optional(scopeList),
  expires_in_seconds: optional(seconds),
  uploads_per_minute: optional(perMinute),
})

/** `POST …/api_keys/{id}` */
export const keyChanges = object({
  scopes: optional(scopeList),
  expires_in_seconds: clearable(seconds),
  uploads_per_minute: clearable(perMinute),
})

/** `POST /v1/organization/consumers/{name}/skip` */
export const skippedEvent = object({ position: text(32) })

/** `POST /v1/organization/sweep` */
export const sweepOptions = object({
  dry_run: optional(boolean),
  force: optional(boolean),
})

/** `POST /v1/organization/scrub` */
export const scrubOptions = object({
  cursor: optional(text(32)),
  file: optional(text(64)),
  max_bytes: optional(integer(1, maxInteger)),
})

export const trailOptions = object({ dry_run: optional(boolean) })

/** Routes whose body says nothing. */
export const emptyBody = object({})
