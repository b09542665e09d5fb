import type { ExpiryPolicy, Extent, PlacedEvent } from '../events/event-map.ts'
import { type Micros, toSeconds } from '../log-time.ts'

/** A file as its events tell it: one row of the index. */
export type FileState = {
  readonly id: string
  readonly project: string
  readonly position: number
  readonly seq: number
  readonly version: number
  readonly purpose: string
  readonly bytes: number
  readonly createdAt: Micros
  /** Unix seconds. */
  readonly expiresAt: number | null
  readonly expiryPolicy: ExpiryPolicy | null
  readonly filename: string | null
  readonly metadata: Readonly<Record<string, string>> | null
  readonly classification: string | null
  readonly complianceRegime: string | null
  readonly sha256: string | null
  readonly extents: readonly Extent[]
  readonly ended: FileEnd | null
}

export type FileEnd = {
  readonly position: number
  readonly seq: number
  readonly at: Micros
  readonly reason: 'deleted' | 'expired'
}

type FileEvent = PlacedEvent<'FileUploaded' | 'FileExpired' | 'FileDeleted'>

/** The state after one more event. The same function builds the index and answers a replay. */
export function evolveFile(state: FileState | null, event: FileEvent): FileState {
  if (event.type === 'FileUploaded') {
    if (state) throw new TypeError(`File ${event.stream} was uploaded twice`)
    const { personal, content } = event.private
    return {
      id: event.stream,
      project: event.project,
      position: event.position,
      seq: event.seq,
      version: event.version,
      purpose: event.data.purpose,
      bytes: event.data.bytes,
      createdAt: event.time,
      expiresAt: event.data.expires_at,
      expiryPolicy: event.data.expiry_policy,
      filename: personal?.filename ?? null,
      metadata: personal?.metadata ?? null,
      classification: event.data.classification ?? null,
      complianceRegime: event.data.compliance_regime ?? null,
      sha256: content?.sha256 ?? null,
      extents: content?.extents ?? [],
      ended: null,
    }
  }
  if (!state)
    throw new TypeError(`${event.type} of file ${event.stream}, which was never uploaded`)
  if (state.ended)
    throw new TypeError(`${event.type} of file ${event.stream}, which has ended`)
  return {
    ...state,
    version: event.version,
    ended: {
      position: event.position,
      seq: event.seq,
      at: event.time,
      reason: event.type === 'FileDeleted' ? 'deleted' : 'expired',
    },
  }
}

/** A file is there from its creation until it ended or its expiry has passed, whatever the log says yet. */
export function isLive(state: FileState, now: Micros): boolean {
  return state.ended === null && !isExpired(state, now)
}

export function isExpired(state: Pick<FileState, 'expiresAt'>, now: Micros): boolean {
  return state.expiresAt !== null && toSeconds(now) >= state.expiresAt
}
