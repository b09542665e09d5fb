import { type Decision, events, refuse } from '../decision.ts'
import type {
  DomainEvent,
  ExpiryPolicy,
  Extent,
  ProjectLimits,
} from '../events/event-map.ts'
import { type Micros, toSeconds } from '../log-time.ts'
import {
  effectiveExpiresAt,
  type FileState,
  isExpired,
  isHeld,
  isLive,
  keptUntil,
} from './file-state.ts'

/** Stores a file whose bytes are durable. */
export type UploadFile = {
  readonly type: 'UploadFile'
  readonly file: string
  readonly purpose: string
  readonly bytes: number
  readonly expiry: { readonly afterSeconds: number; readonly policy: ExpiryPolicy } | null
  readonly filename: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly classification?: string
  readonly complianceRegime?: string
  /** What else the client asked of its provider; nothing personal. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The part of it that is free text. */
  readonly textOptions?: Readonly<Record<string, string>>
  readonly sha256: string
  readonly declaredType: string | null
  readonly extents: readonly Extent[]
  readonly facts: Readonly<Record<string, unknown>>
  readonly validatedBy: readonly { readonly plugin: string; readonly version: string }[]
  /** The upload that it was completed from. Default: it came in a form. */
  readonly source?: string
  /** Bytes of all live files of the project, inclusive; holds where the project sets no quota of its own. */
  readonly quotaBytes?: number
}

/** Ends a file by somebody’s wish. */
export type DeleteFile = {
  readonly type: 'DeleteFile'
  readonly file: string
  readonly idAsSent: string
}

/** Ends a file whose expiry has passed; a file that ended meanwhile, or is not due, leads to nothing. */
export type ExpireFile = { readonly type: 'ExpireFile'; readonly file: string }

export type UploadState = {
  readonly project: { readonly archived: boolean; readonly limits: ProjectLimits }
  /** Bytes of the project's live files and of the parts of its pending uploads; read only where there is a quota. */
  readonly usedBytes: number
}

/** The bytes that a project may have in all, inclusive; undefined: any. Its own limit goes before a general one. */
export function quotaOf(
  limits: ProjectLimits,
  { quotaBytes }: { readonly quotaBytes?: number | undefined },
): number | undefined {
  return limits.quota_bytes ?? quotaBytes
}

/** Refusals: `project_archived`, `storage_quota_exceeded`. */
export function decideUpload(
  state: UploadState,
  command: UploadFile,
  now: Micros,
): Decision {
  if (state.project.archived)
    return refuse('project_archived', 'The project was archived.')
  const quota = quotaOf(state.project.limits, command)
  if (quota !== undefined && state.usedBytes + command.bytes > quota) {
    return quotaExceeded('file', command.bytes, quota, state.usedBytes)
  }
  const { expiry } = command
  const retain = state.project.limits.retain_seconds
  return events({
    type: 'FileUploaded',
    stream: command.file,
    after: 0,
    data: {
      purpose: command.purpose,
      bytes: command.bytes,
      expires_at: expiry && toSeconds(now) + expiry.afterSeconds,
      expiry_policy: expiry?.policy ?? null,
      validated_by: command.validatedBy,
      source: command.source ?? 'form',
      ...(retain !== undefined && { retain_until: toSeconds(now) + retain }),
      ...(command.classification !== undefined && {
        classification: command.classification,
      }),
      ...(command.complianceRegime !== undefined && {
        compliance_regime: command.complianceRegime,
      }),
      ...(command.options && { options: command.options }),
    },
    private: {
      personal: {
        filename: command.filename,
        ...(command.metadata && { metadata: command.metadata }),
        ...(command.textOptions && { options: command.textOptions }),
      },
      content: {
        sha256: command.sha256,
        declared_type: command.declaredType,
        extents: command.extents,
        facts: command.facts,
      },
    },
  })
}

export function quotaExceeded(
  what: 'file' | 'part',
  bytes: number,
  quota: number,
  usedBytes: number,
): Decision {
  return refuse(
    'storage_quota_exceeded',
    `The ${what} has ${bytes} bytes; ${Math.max(0, quota - usedBytes)} of the project's ${quota} bytes are left.`,
  )
}

/** Refusals: `file_not_found`, also of a file that has ended or expired; `file_held`. */
export function decideDelete(
  state: FileState | null,
  command: DeleteFile & { readonly project: string },
  now: Micros,
): Decision {
  if (!state || state.project !== command.project || !isLive(state, now)) {
    return fileNotFound(command.idAsSent)
  }
  if (isHeld(state, now)) return fileHeld(state, 'deleted')
  return events({
    type: 'FileDeleted',
    stream: state.id,
    after: state.version,
    data: { reason: 'request' },
  })
}

/** Leads to nothing where the file has ended, or is not due by this clock. */
export function decideExpire(
  state: FileState | null,
  _command: ExpireFile,
  now: Micros,
): Decision {
  if (!state || state.ended || !isExpired(state, now)) return events()
  return events(expired(state, 0))
}

/** The end of a file whose expiry has passed; `since` events of the same command come before it. */
export function expired(state: FileState, since: number): DomainEvent<'FileExpired'> {
  return {
    type: 'FileExpired',
    stream: state.id,
    after: state.version + since,
    data: {
      expired_at: effectiveExpiresAt(state) ?? 0,
      policy: state.expiryPolicy ?? 'request',
    },
  }
}

export function fileNotFound(idAsSent: string): Decision {
  return refuse('file_not_found', `No such File object: ${idAsSent}`, { param: 'id' })
}

/** `what` cannot be done with the file now. */
export function fileHeld(state: FileState, what: string): Decision {
  const until = keptUntil(state)
  const end =
    until === null
      ? 'until its holds are released'
      : `until ${new Date(until * 1000).toISOString()}`
  return refuse('file_held', `The file is held, and cannot be ${what} ${end}.`, {
    param: 'id',
  })
}
