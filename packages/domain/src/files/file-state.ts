import {
  type ExpiryPolicy,
  type Extent,
  isErased,
  type PlacedEvent,
} from '../events/event-map.ts'
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
  /** Unix seconds: by the project's retention it cannot end before. */
  readonly retainUntil: number | null
  readonly holds: readonly Hold[]
  readonly filename: string | null
  readonly metadata: Readonly<Record<string, string>> | null
  readonly classification: string | null
  readonly complianceRegime: string | null
  readonly sha256: string | null
  readonly extents: readonly Extent[]
  /** Ids of extents whose stored bytes were found to be others than were uploaded. */
  readonly damaged: readonly string[]
  readonly ended: FileEnd | null
}

/** Keeps a file from ending: deleted, expired or erased. */
export type Hold = {
  readonly id: string
  /** Of the event that placed it. */
  readonly position: number
  /** null once erased, as is the note. */
  readonly name: string | null
  readonly note: string | null
  readonly at: Micros
  /** Unix seconds, after which it holds nothing; null: until it is released. */
  readonly retainUntil: number | null
}

/** How a file ended, and when. */
export type FileEnd = {
  readonly position: number
  readonly seq: number
  readonly at: Micros
  readonly reason: 'deleted' | 'expired' | 'erased'
}

/** Events that change what is known of a file. Others can stand in its stream, too. */
const fileEventTypes = [
  'FileUploaded',
  'FileHeld',
  'FileReleased',
  'FileDamaged',
  'FileRepaired',
  'FileExpired',
  'FileDeleted',
  'FileErased',
  'PrivateDataErased',
] as const

type FileEvent = PlacedEvent<(typeof fileEventTypes)[number]>

/** Whether {@link evolveFile} takes the event. */
export function isFileEvent(event: { readonly type: string }): event is FileEvent {
  return fileEventTypes.some((type) => type === event.type)
}

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
      retainUntil: event.data.retain_until ?? null,
      holds: [],
      filename: personal?.filename ?? null,
      metadata: personal?.metadata ?? null,
      classification: event.data.classification ?? null,
      complianceRegime: event.data.compliance_regime ?? null,
      sha256: content?.sha256 ?? null,
      extents: content?.extents ?? [],
      damaged: [],
      ended: null,
    }
  }
  if (!state)
    throw new TypeError(`${event.type} of file ${event.stream}, which was never uploaded`)
  if (event.type === 'PrivateDataErased') return withoutErased(state, event)
  // What has ended can be erased still; why it ended stays.
  if (event.type === 'FileErased' && state.ended) {
    return { ...state, version: event.version }
  }
  if (state.ended)
    throw new TypeError(`${event.type} of file ${event.stream}, which has ended`)
  if (event.type === 'FileHeld') {
    const { personal } = event.private
    const hold = {
      id: event.data.hold,
      position: event.position,
      name: personal?.name ?? null,
      note: personal?.note ?? null,
      at: event.time,
      retainUntil: event.data.retain_until,
    }
    return { ...state, version: event.version, holds: [...state.holds, hold] }
  }
  if (event.type === 'FileReleased') {
    const holds = state.holds.filter(({ id }) => id !== event.data.hold)
    return { ...state, version: event.version, holds }
  }
  if (event.type === 'FileDamaged') {
    const damaged = [...state.damaged, event.data.extent]
    return { ...state, version: event.version, damaged }
  }
  if (event.type === 'FileRepaired') {
    const damaged = state.damaged.filter((id) => id !== event.data.extent)
    return { ...state, version: event.version, damaged }
  }
  return {
    ...state,
    version: event.version,
    ended: {
      position: event.position,
      seq: event.seq,
      at: event.time,
      reason: endReasons[event.type],
    },
  }
}

const endReasons = {
  FileDeleted: 'deleted',
  FileExpired: 'expired',
  FileErased: 'erased',
} as const

/** What its events say once these groups are gone: the same as a replay that never saw them. */
function withoutErased(
  state: FileState,
  event: PlacedEvent<'PrivateDataErased'>,
): FileState {
  const gone = (position: number, group: string) => isErased(event, position, group)
  return {
    ...state,
    version: event.version,
    ...(gone(state.position, 'personal') && { filename: null, metadata: null }),
    ...(gone(state.position, 'content') && { sha256: null, extents: [] }),
    holds: state.holds.map((hold) =>
      gone(hold.position, 'personal') ? { ...hold, name: null, note: null } : hold,
    ),
  }
}

type Keeping = Pick<FileState, 'retainUntil' | 'holds'>

/** Unix seconds until which retention and holds keep the file; null: until holds are released. */
export function keptUntil({ retainUntil, holds }: Keeping): number | null {
  let until = retainUntil ?? 0
  for (const hold of holds) {
    if (hold.retainUntil === null) return null
    until = Math.max(until, hold.retainUntil)
  }
  return until
}

/** A file that is held cannot be deleted or erased, and does not expire. */
export function isHeld(state: Keeping, now: Micros): boolean {
  const until = keptUntil(state)
  return until === null || toSeconds(now) < until
}

/** When the file ends by itself: Unix seconds; null while nothing ends it. */
export function effectiveExpiresAt(
  state: Keeping & Pick<FileState, 'expiresAt'>,
): number | null {
  if (state.expiresAt === null) return null
  const until = keptUntil(state)
  return until === null ? null : Math.max(state.expiresAt, until)
}

/**
 * A file is there from its creation until it ended or its expiry has passed, whatever the log says yet. One that is
 * held stays readable beyond its expiry.
 */
export function isLive(state: FileState, now: Micros): boolean {
  return state.ended === null && !isExpired(state, now)
}

/** Whether the time has come at which the file ends by itself, whatever the log says yet. */
export function isExpired(
  state: Keeping & Pick<FileState, 'expiresAt'>,
  now: Micros,
): boolean {
  const at = effectiveExpiresAt(state)
  return at !== null && toSeconds(now) >= at
}
