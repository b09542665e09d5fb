import type { SpooledContent } from '@custody/blob-store'
import type { Principal } from '../auth/principal.ts'
import type {
  AtPosition,
  FileView,
  UploadPolicy,
  UploadRequest,
  UploadSession,
} from '../files/files.ts'
import type { Attempt } from '../idempotency/idempotency.ts'
import type { RateHeaders } from '../rates/upload-rates.ts'

/** An upload in parts as readers see it. */
export type UploadView = {
  /** Plain UUID, like all ids here. */
  readonly id: string
  /** That the file is to have. */
  readonly bytes: number
  /** Unix seconds. */
  readonly createdAt: number
  /** null once erased. */
  readonly filename: string | null
  readonly purpose: string
  readonly status: 'pending' | 'completed' | 'cancelled' | 'expired'
  /** Unix seconds: when it ends unless it was completed. */
  readonly expiresAt: number
  /** What it was completed to; null while it was not, and when that file has ended. */
  readonly file: FileView | null
}

export type PartView = {
  readonly id: string
  readonly upload: string
  readonly bytes: number
  /** Unix seconds. */
  readonly createdAt: number
  /** Lower-case hex; null once erased. */
  readonly sha256: string | null
}

export type NewUpload = Pick<
  UploadRequest,
  | 'purpose'
  | 'filename'
  | 'expiresAfterSeconds'
  | 'metadata'
  | 'classification'
  | 'complianceRegime'
  | 'options'
  | 'textOptions'
  | 'policy'
  | 'requestId'
  | 'attempt'
> & {
  readonly bytes: number
  /** Recorded, never trusted. */
  readonly declaredType: string
}

/** Which upload is meant: a plain UUID, and as it was sent, for the refusal. */
export type UploadId = { readonly id: string; readonly idAsSent: string }

export type NewPart = UploadId & {
  readonly policy: UploadPolicy
  readonly declaredBytes: number | undefined
  readonly requestId: string
  /** The request came with an Idempotency-Key. */
  readonly attempt?: Attempt | undefined
  readonly signal: AbortSignal
}

/** Takes one content of at most 64 MiB; must be closed. */
export interface PartSession extends UploadSession {
  /** Resolves when the part is durable. @throws CustodyError `upload_not_pending`, `too_many_parts`, `empty_file` */
  add(content: SpooledContent): Promise<PartView>
}

export type Completion = UploadId & {
  /** In the order of the file; undefined where what was sent cannot be an id. */
  readonly parts: readonly (string | undefined)[]
  readonly partsAsSent: readonly string[]
  /** 32 lower-case hex digits. */
  readonly md5?: string
  readonly policy: UploadPolicy
  readonly requestId: string
  /** The request came with an Idempotency-Key. */
  readonly attempt?: Attempt | undefined
  readonly signal: AbortSignal
}

/**
 * Files that come in parts. Every refusal is a `CustodyError`. An upload of another project is one that never was:
 * `upload_not_found`, for all that name an upload.
 */
export interface Uploads {
  /** As for files: an upload counts when it is created. */
  countUpload(principal: Principal): Promise<RateHeaders> | undefined
  /**
   * @throws CustodyError what a form of this purpose, name and size would be refused with; `storage_quota_exceeded`
   * when there is no room already
   */
  create(principal: Principal, upload: NewUpload): Promise<UploadView>
  /**
   * Before the body of a part is read.
   *
   * @throws CustodyError `upload_not_pending`, and what the begin of any upload throws
   */
  beginPart(principal: Principal, part: NewPart): Promise<PartSession>
  /**
   * Makes a file of parts; copies no bytes. What refuses it leaves the upload pending. Asked again with the same
   * parts and MD5, it tells the same.
   *
   * @throws CustodyError `upload_not_pending`, `invalid_part_ids`, `digest_mismatch`, and what `Files.upload` throws
   */
  complete(principal: Principal, completion: Completion): Promise<AtPosition<UploadView>>
  /** Asked again, it tells the same. @throws CustodyError `upload_not_pending` */
  cancel(
    principal: Principal,
    options: UploadId & { readonly requestId: string },
  ): Promise<UploadView>
  /** The upload, and while it is pending its parts in the order in which they came. */
  get(
    principal: Principal,
    upload: UploadId,
  ): Promise<{ readonly upload: UploadView; readonly parts: readonly PartView[] }>
}
