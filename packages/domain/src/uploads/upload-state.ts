import type { PlacedEvent } from '../events/event-map.ts'
import { type Micros, toSeconds } from '../log-time.ts'

/** A file that comes in parts, as its events tell it: one row of the index. */
export type Upload = {
  readonly id: string
  readonly project: string
  /** Of its creation. */
  readonly position: number
  readonly version: number
  readonly purpose: string
  /** That the file is to have. */
  readonly bytes: number
  readonly createdAt: Micros
  /** Unix seconds: when it ends unless it was completed. */
  readonly expiresAt: number
  /** Seconds from its completion after which the file is to expire; null: what its purpose says. */
  readonly fileExpiresAfter: number | null
  readonly classification: string | null
  readonly complianceRegime: string | null
  readonly options: Readonly<Record<string, unknown>> | null
  /** null once erased, as are the next three. */
  readonly filename: string | null
  readonly metadata: Readonly<Record<string, string>> | null
  readonly textOptions: Readonly<Record<string, string>> | null
  readonly declaredType: string | null
  /** Parts that were added, whatever became of them. */
  readonly partCount: number
  readonly partBytes: number
  readonly ended: UploadEnd | null
}

/** How an upload ended. */
export type UploadEnd =
  | {
      readonly status: 'completed'
      readonly position: number
      readonly at: Micros
      readonly file: string
      /** Those that the file consists of, in its order. */
      readonly parts: readonly string[]
      /** Where the client said what it is; null once erased. */
      readonly md5: string | null
    }
  | {
      readonly status: 'cancelled' | 'expired'
      readonly position: number
      readonly at: Micros
    }

/** A part that was added. */
export type UploadPart = {
  /** Of the part, and of the extent that holds its bytes. */
  readonly id: string
  readonly upload: string
  /** Of its event. */
  readonly position: number
  readonly bytes: number
  readonly createdAt: Micros
  /** null once erased. */
  readonly sha256: string | null
}

/** As the API has it. */
export type UploadStatus = 'pending' | UploadEnd['status']

type UploadEvent = PlacedEvent<
  | 'UploadCreated'
  | 'UploadPartAdded'
  | 'UploadCompleted'
  | 'UploadCancelled'
  | 'UploadExpired'
>

/** The state after one more event. The same function builds the index and answers a replay. */
export function evolveUpload(state: Upload | null, event: UploadEvent): Upload {
  if (event.type === 'UploadCreated') {
    if (state) throw new TypeError(`Upload ${event.stream} was created twice`)
    const { data } = event
    const { personal, content } = event.private
    return {
      id: event.stream,
      project: event.project,
      position: event.position,
      version: event.version,
      purpose: data.purpose,
      bytes: data.bytes,
      createdAt: event.time,
      expiresAt: data.expires_at,
      fileExpiresAfter: data.expires_after,
      classification: data.classification ?? null,
      complianceRegime: data.compliance_regime ?? null,
      options: data.options ?? null,
      filename: personal?.filename ?? null,
      metadata: personal?.metadata ?? null,
      textOptions: personal?.options ?? null,
      declaredType: content?.declared_type ?? null,
      partCount: 0,
      partBytes: 0,
      ended: null,
    }
  }
  if (!state)
    throw new TypeError(`${event.type} of upload ${event.stream}, which never was`)
  if (state.ended)
    throw new TypeError(`${event.type} of upload ${event.stream}, which has ended`)
  const { version, position, time: at } = event
  switch (event.type) {
    case 'UploadPartAdded':
      return {
        ...state,
        version,
        partCount: state.partCount + 1,
        partBytes: state.partBytes + event.data.bytes,
      }
    case 'UploadCompleted': {
      const { file, parts } = event.data
      const md5 = event.private.content?.md5 ?? null
      const ended = { status: 'completed', position, at, file, parts, md5 } as const
      return { ...state, version, ended }
    }
    case 'UploadCancelled':
      return { ...state, version, ended: { status: 'cancelled', position, at } }
    case 'UploadExpired':
      return { ...state, version, ended: { status: 'expired', position, at } }
  }
}

/** An upload whose time has passed has expired, whatever the log says yet. */
export function uploadStatus(
  { ended, expiresAt }: Pick<Upload, 'ended' | 'expiresAt'>,
  now: Micros,
): UploadStatus {
  if (ended) return ended.status
  return toSeconds(now) >= expiresAt ? 'expired' : 'pending'
}

/** Whether the upload still takes parts. */
export function isPending(upload: Upload, now: Micros): boolean {
  return uploadStatus(upload, now) === 'pending'
}
