import type { SpooledContent, UploadSpool } from '@custody/blob-store'
import type { MaybePromise } from '@custody/event-log'
import type { Facts, Issue } from '@custody/plugin-api'
import type { Principal } from '../auth/principal.ts'
import type { Attempt } from '../idempotency/idempotency.ts'
import type { RateHeaders } from '../rates/upload-rates.ts'
import type { UsageView } from '../usage/usage-view.ts'

/** What a dialect decides about uploads of one purpose. */
export type PurposePolicy = {
  /** Largest file in bytes, inclusive. */
  readonly maxBytes?: number
  readonly defaultExpirySeconds?: number
  /** Lower case, with dot: all that the purpose takes, where its plugin takes any. */
  readonly extensions?: readonly string[]
}

/** What a dialect decides about uploads, as data. */
export type UploadPolicy = {
  readonly dialect: string
  /** Largest file in bytes, inclusive. */
  readonly maxFileBytes: number
  /** The same for a file that comes in parts, which may have 8 GiB at most. Absent: no other than that. */
  readonly maxPartsFileBytes?: number
  readonly purposes: Readonly<Record<string, PurposePolicy>>
  /**
   * Of the input purposes that plugins offer everywhere, the dialect offers only these. One whose plugin names the
   * dialect is offered in any case. Absent: all.
   */
  readonly onlyPurposes?: readonly string[]
  /** Output purposes that every key may write in this dialect. */
  readonly openOutputPurposes: readonly string[]
  /**
   * The dialect takes any purpose of 1 to so many characters. One that no plugin offers is handled like general
   * files: no limit but the dialect's, and no validator but the checks of every purpose. Absent: only purposes that
   * plugins offer.
   */
  readonly anyPurpose?: { readonly maxLength: number }
  /** Bytes of all files of a project, inclusive, where the project sets no quota of its own. Absent: no bound. */
  readonly quotaBytes?: number
  /**
   * Largest file in bytes, inclusive, by lower-case extension with its dot: it goes before the plugin's own for
   * that extension, and counts where it is smaller than the purpose's limit.
   */
  readonly extensions?: Readonly<Record<string, { readonly maxBytes: number }>>
  /**
   * All extensions that the dialect knows, lower case with their dot, `''` for a name without one: another one is an
   * unsupported type, whatever the purpose. Absent: any.
   */
  readonly knownExtensions?: readonly string[]
}

export type UploadRequest = {
  readonly purpose: string
  /** Basename, NFC, checked by the caller. */
  readonly filename: string
  readonly content: SpooledContent
  /** The part's Content-Type: recorded, never trusted. */
  readonly declaredType: string | null
  readonly expiresAfterSeconds?: number
  readonly metadata?: Readonly<Record<string, string>>
  readonly classification?: string
  readonly complianceRegime?: string
  /** What else the client asked of its provider, as the dialect parsed it: recorded in clear, so nothing personal. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The part of it that is free text, which can be erased. */
  readonly textOptions?: Readonly<Record<string, string>>
  /** SHA-256 that the client says the file has: 64 lower-case hex digits. */
  readonly sha256?: string
  readonly policy: UploadPolicy
  /** `req_…`, made by us. */
  readonly requestId: string
  /** The request came with an Idempotency-Key. */
  readonly attempt?: Attempt | undefined
  readonly signal: AbortSignal
}

/** A file as readers see it. */
export type FileView = {
  /** Plain UUID; a dialect shows it in its own form. */
  readonly id: string
  readonly purpose: string
  readonly bytes: number
  /** Unix seconds. */
  readonly createdAt: number
  /** Unix seconds, or null when the file is kept until deleted. */
  readonly expiresAt: number | null
  /** null once erased. */
  readonly filename: string | null
  readonly metadata: Readonly<Record<string, string>> | null
  readonly classification: string | null
  readonly complianceRegime: string | null
  readonly status: 'uploaded' | 'processing' | 'processed' | 'error'
  /** Lower-case hex, or null once erased. */
  readonly sha256: string | null
}

export type ListQuery = {
  readonly limit: number
  readonly order: 'asc' | 'desc'
  /** Plain UUID of the last file seen. */
  readonly after?: string
  /** `after` as the client wrote it, for the error text. */
  readonly afterAsSent?: string
  /** Files to pass over first: only without `after`. */
  readonly offset?: number
  readonly purpose?: string
  readonly classification?: string
  readonly complianceRegime?: string
  /** Whether the page is to tell how many files there are, by project and purpose. */
  readonly wantsTotal?: boolean
}

export type FilePage = {
  readonly files: readonly FileView[]
  readonly hasMore: boolean
  /** Where it was asked for: all files of the list, not of the page. */
  readonly total?: number
}

/** What an upload would be answered about its file. */
export type FileValidation = {
  /** Whether the file would be taken. */
  readonly valid: boolean
  readonly purpose: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Why it would be refused; at most 100. */
  readonly issues: readonly Issue[]
  /** All issues by code. */
  readonly issueCounts: Readonly<Record<string, number>>
  /** By plugin name; empty where the file would be refused. */
  readonly facts: Readonly<Record<string, Facts>>
  /** At most 100. */
  readonly warnings: readonly Issue[]
}

export type BulkDeletionQuery = {
  /** One that no file has matches nothing. */
  readonly purpose: string
  /** Unix seconds, exclusive. */
  readonly createdBefore: number
  /** Tells what would happen, and deletes nothing. */
  readonly dryRun: boolean
}

export type BulkDeletion = {
  readonly dryRun: boolean
  /** Live files that matched when the call began, those beyond its bound included. */
  readonly matched: number
  /** By this call: one that ended otherwise meanwhile is not counted. */
  readonly deleted: number
  /** Files that a hold or a retention protects. */
  readonly held: number
  /** Plain UUIDs of the first 1,000 that were deleted, or would be; the oldest first. */
  readonly ids: readonly string[]
  /** More files match than one call deletes. */
  readonly hasMore: boolean
}

/** With the position in the project's history that it is of: an opaque decimal string. */
export type AtPosition<T> = T & { readonly position: string }

export type FileContent = {
  readonly file: FileView
  /**
   * The bytes from `start` (inclusive) to `end` (exclusive). Small content comes as one chunk. With `reuse` a chunk is
   * no longer needed when the next one is asked for, and its memory serves again; else it is the caller's own.
   */
  read(
    start: number,
    end: number,
    options: { signal: AbortSignal; reuse?: boolean },
  ): AsyncIterable<Uint8Array>
  /** Everything at once where it lies inline in the index, to spare a stream; otherwise undefined. */
  readonly inline: Uint8Array | undefined
}

/** The Files use cases. Every refusal is a `CustodyError`; ids are plain UUIDs. */
export interface Files {
  /**
   * Counts an upload that begins against the rates of its key and project, before anything else. Undefined where
   * there are none. Resolves to headers of the answer that tell what is left.
   *
   * @throws CustodyError `rate_limit_exceeded`
   */
  countUpload(principal: Principal): Promise<RateHeaders> | undefined
  /**
   * Before the body is read: scope, uploads at once per key, disk space, `declaredBytes` (the
   * Content-Length) against the most that any purpose of this principal takes. Where the project has a quota, the
   * session's spool holds its bytes against it while they come, and refuses them with `storage_quota_exceeded`.
   * The session must be closed, whatever happens: what was not uploaded is discarded then.
   */
  beginUpload(
    principal: Principal,
    options: {
      policy: UploadPolicy
      declaredBytes: number | undefined
      /** The file will not be stored: it takes nothing of a quota. */
      dryRun?: boolean
      /** The file is stored already, or another request stores it: likewise, and if it is not, the log counts it. */
      isRepeat?: boolean
      signal: AbortSignal
    },
  ): UploadSession
  /**
   * Checks, validates, stores, appends. Resolves when bytes and event are durable.
   *
   * @throws CustodyError also `file_not_found` where an attempt is repeated whose file has ended
   */
  upload(principal: Principal, request: UploadRequest): Promise<AtPosition<FileView>>
  /** What `upload` would say of the file; stores nothing. Throws what is wrong with the request. */
  validate(principal: Principal, request: UploadRequest): Promise<FileValidation>
  /** @throws CustodyError `file_not_found` */
  get(principal: Principal, id: string, idAsSent: string): MaybePromise<FileView>
  list(principal: Principal, query: ListQuery): Promise<FilePage>
  /** @throws CustodyError `file_not_found`, `file_held` */
  delete(
    principal: Principal,
    id: string,
    options: { idAsSent: string; requestId: string },
  ): Promise<{ readonly position: string }>
  /**
   * Deletes files by purpose and age, at most 10,000 in one call, each as `delete` does. An aborted signal or an error
   * ends it between two slices of 64; what was deleted by then stays deleted.
   */
  deleteMany(
    principal: Principal,
    query: BulkDeletionQuery,
    options: { requestId: string; signal: AbortSignal },
  ): Promise<BulkDeletion>
  /** What the project stores, and what its quota leaves. `policy`: the dialect's, which may bring a quota. */
  usage(principal: Principal, policy: UploadPolicy): Promise<UsageView>
  /** @throws CustodyError `file_not_found`, `content_damaged` */
  content(principal: Principal, id: string, idAsSent: string): Promise<FileContent>
}

export interface UploadSession {
  /** The most bytes that the file may have, whatever its purpose turns out to be. */
  readonly maxBytes: number
  /** What sets that bound, in words such as `this project`. */
  readonly maxSetBy: string
  /** @throws CustodyError for a purpose that the principal cannot upload to */
  checkPurpose(name: string): void
  /**
   * A sink for a file that streams in. Where the form named the purpose before the file, `hint` lets the
   * validation run along with the upload.
   */
  spool(hint?: { readonly purpose: string; readonly filename: string }): UploadSpool
  /** Content that is already whole in memory (at most 64 KiB). */
  fromBuffer(content: Uint8Array): SpooledContent
  close(): Promise<void>
}
