import { type Decision, events, refuse } from '../decision.ts'
import { CustodyError } from '../errors/index.ts'
import {
  decideUpload,
  quotaExceeded,
  quotaOf,
  type UploadFile,
  type UploadState,
} from '../files/decide-file.ts'
import { type Micros, toSeconds } from '../log-time.ts'
import { uploadLimits } from './upload-limits.ts'
import { isPending, type Upload, uploadStatus } from './upload-state.ts'

type Asked = {
  readonly upload: string
  readonly idAsSent: string
}

type InProject = { readonly project: string }

export type CreateUpload = Pick<
  UploadFile,
  | 'purpose'
  | 'bytes'
  | 'filename'
  | 'metadata'
  | 'classification'
  | 'complianceRegime'
  | 'options'
  | 'textOptions'
> & {
  readonly type: 'CreateUpload'
  readonly upload: string
  readonly declaredType: string
  /** Seconds from its completion after which the file is to expire; null: what its purpose says then. */
  readonly fileExpiresAfter: number | null
}

export type AddPart = Asked & {
  readonly type: 'AddPart'
  /** Id of the part, and of the extent that holds its bytes. */
  readonly part: string
  readonly bytes: number
  readonly sha256: string
  /** See {@link UploadFile}. */
  readonly quotaBytes?: number
}

export type CompleteUpload = Asked & {
  readonly type: 'CompleteUpload'
  /** The file, whose extents are those of the parts in their order. */
  readonly file: UploadFile
  /** MD5 that the client says the file has, and that it has: lower-case hex. */
  readonly md5?: string
}

export type CancelUpload = Asked & { readonly type: 'CancelUpload' }

/** Ends an upload whose time has passed; one that ended meanwhile, or is not due, leads to nothing. */
export type ExpireUpload = { readonly type: 'ExpireUpload'; readonly upload: string }

/** Refusal: `project_archived`. */
export function decideCreateUpload(
  { project }: Pick<UploadState, 'project'>,
  command: CreateUpload,
  now: Micros,
): Decision {
  if (project.archived) return refuse('project_archived', 'The project was archived.')
  const { metadata, classification, complianceRegime, options, textOptions } = command
  return events({
    type: 'UploadCreated',
    stream: command.upload,
    after: 0,
    data: {
      purpose: command.purpose,
      bytes: command.bytes,
      expires_at: toSeconds(now) + uploadLimits.seconds,
      expires_after: command.fileExpiresAfter,
      ...(classification !== undefined && { classification }),
      ...(complianceRegime !== undefined && { compliance_regime: complianceRegime }),
      ...(options && { options }),
    },
    private: {
      personal: {
        filename: command.filename,
        ...(metadata && { metadata }),
        ...(textOptions && { options: textOptions }),
      },
      content: { declared_type: command.declaredType },
    },
  })
}

/** Refusals: `upload_not_found`, `upload_not_pending`, `too_many_parts`, `storage_quota_exceeded`. */
export function decideAddPart(
  upload: Upload | null,
  { project, usedBytes }: UploadState,
  command: AddPart & InProject,
  now: Micros,
): Decision {
  if (upload?.project !== command.project) return notFound(command.idAsSent)
  if (!isPending(upload, now)) return { refusal: uploadNotPending(upload, now) }
  const { bytes } = command
  const { parts, allPartsBytes } = uploadLimits
  if (upload.partCount >= parts) {
    return refuse(
      'too_many_parts',
      `The upload has ${upload.partCount} parts; at most ${parts} are allowed.`,
    )
  }
  const most = allPartsBytes(upload.bytes)
  if (upload.partBytes + bytes > most) {
    return refuse(
      'too_many_parts',
      `The parts of this upload have ${upload.partBytes} bytes, and this one ${bytes} more: ` +
        `of a file of ${upload.bytes} bytes, at most ${most} are taken.`,
    )
  }
  const quota = quotaOf(project.limits, command)
  if (quota !== undefined && usedBytes + bytes > quota) {
    return quotaExceeded('part', bytes, quota, usedBytes)
  }
  return events({
    type: 'UploadPartAdded',
    stream: upload.id,
    after: upload.version,
    data: { part: command.part, bytes },
    private: { content: { sha256: command.sha256 } },
  })
}

/**
 * Makes a file of parts, both events or neither. The parts were looked at before: they cannot have changed. Of an
 * upload that was completed just so already, nothing is left to be done.
 */
export function decideCompleteUpload(
  upload: Upload | null,
  state: UploadState,
  command: CompleteUpload & InProject,
  now: Micros,
): Decision {
  if (upload?.project !== command.project) return notFound(command.idAsSent)
  const { file, md5 } = command
  const parts = file.extents.map(({ id }) => id)
  if (isCompletedAs(upload, parts, md5)) return events()
  if (!isPending(upload, now)) return { refusal: uploadNotPending(upload, now) }
  // The parts are counted already, and the file takes their place.
  const usedBytes = state.usedBytes - upload.partBytes
  const uploaded = decideUpload(
    { ...state, usedBytes },
    { ...file, source: upload.id },
    now,
  )
  if ('refusal' in uploaded) return uploaded
  return events(...uploaded.events, {
    type: 'UploadCompleted',
    stream: upload.id,
    after: upload.version,
    data: { file: file.file, parts },
    private: {
      content: { sha256: file.sha256, ...(md5 !== undefined && { md5 }) },
    },
  })
}

/** Whether the upload was completed from these parts, in this order, with this MD5 or none. */
export function isCompletedAs(
  { ended }: Upload,
  parts: readonly (string | undefined)[],
  md5: string | undefined,
): boolean {
  return (
    ended?.status === 'completed' &&
    ended.md5 === (md5 ?? null) &&
    ended.parts.length === parts.length &&
    ended.parts.every((id, index) => id === parts[index])
  )
}

/** A second cancellation leads to nothing. */
export function decideCancelUpload(
  upload: Upload | null,
  command: CancelUpload & InProject,
  now: Micros,
): Decision {
  if (upload?.project !== command.project) return notFound(command.idAsSent)
  if (upload.ended?.status === 'cancelled') return events()
  if (!isPending(upload, now)) return { refusal: uploadNotPending(upload, now) }
  return events({
    type: 'UploadCancelled',
    stream: upload.id,
    after: upload.version,
    data: {},
  })
}

/** Leads to nothing where the upload has ended, or is not due by this clock. */
export function decideExpireUpload(
  upload: Upload | null,
  _command: ExpireUpload,
  now: Micros,
): Decision {
  if (!upload || upload.ended || isPending(upload, now)) return events()
  return events({
    type: 'UploadExpired',
    stream: upload.id,
    after: upload.version,
    data: { expired_at: upload.expiresAt },
  })
}

/** One and the same for an upload that never was and another project’s. */
export function uploadNotFound(idAsSent: string): CustodyError {
  return new CustodyError('upload_not_found', `No such Upload object: ${idAsSent}`, {
    param: 'upload_id',
  })
}

function notFound(idAsSent: string): Decision {
  return { refusal: uploadNotFound(idAsSent) }
}

const ends = {
  pending: 'is pending',
  completed: 'was completed',
  cancelled: 'was cancelled',
  expired: 'has expired',
} as const

/** Says how the upload ended. */
export function uploadNotPending(upload: Upload, now: Micros): CustodyError {
  return new CustodyError(
    'upload_not_pending',
    `The upload ${ends[uploadStatus(upload, now)]}: it takes nothing any more.`,
    { param: 'upload_id' },
  )
}
