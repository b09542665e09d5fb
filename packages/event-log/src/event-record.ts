import { canonicalJson } from '@custody/transparency'
import { formatTime, type Micros } from './log-time.ts'

/** Version of the record's form. */
export const RECORD_VERSION = 1

/** A record is at most so many bytes, so that it fits an entry of a tlog-tiles bundle (C2SP tlog-tiles). */
export const MAX_RECORD_BYTES = 65_535

/** What is hashed for one event, before it is text. */
export type EventRecord = {
  readonly v: number
  /** Event id, UUIDv7. */
  readonly id: string
  readonly position: number
  readonly project: string
  readonly seq: number
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly schema: number
  /** RFC 3339, UTC, six digits. */
  readonly time: string
  readonly actor: string
  readonly on_behalf_of?: string
  readonly request: string
  readonly causation?: string
  readonly data: unknown
  /** By private group: base64(SHA-256(salt ‖ canonical JSON)). */
  readonly commit: Readonly<Record<string, string>>
}

export type RecordFields = Omit<EventRecord, 'v' | 'time'> & { readonly time: Micros }

/** The record's text: canonical JSON (RFC 8785), members in the order of their names. */
export function encodeRecord(fields: RecordFields): string {
  const causation =
    fields.causation === undefined
      ? ''
      : `"causation":${JSON.stringify(fields.causation)},`
  const behalf =
    fields.on_behalf_of === undefined
      ? ''
      : `"on_behalf_of":${JSON.stringify(fields.on_behalf_of)},`
  return (
    `{"actor":${JSON.stringify(fields.actor)},${causation}"commit":${canonicalJson(fields.commit)},` +
    `"data":${canonicalJson(fields.data)},"id":"${fields.id}",${behalf}"position":${fields.position},` +
    `"project":${JSON.stringify(fields.project)},"request":${JSON.stringify(fields.request)},` +
    `"schema":${fields.schema},"seq":${fields.seq},"stream":${JSON.stringify(fields.stream)},` +
    `"time":"${formatTime(fields.time)}","type":"${fields.type}","v":${RECORD_VERSION},"version":${fields.version}}`
  )
}
