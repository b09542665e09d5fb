import type { EventRow, PrivateRow } from '../append/log-tables.ts'
import type { EventRecord } from '../event-record.ts'
import type { LogEvent, LogModule } from '../log-module.ts'
import { parseTime } from '../log-time.ts'

/** An event as it is kept: the parsed record beside the private groups that are still there. */
export type StoredEvent = {
  readonly record: EventRecord
  readonly private: Readonly<Record<string, unknown>>
}

export type Upcast = LogModule['upcast']

export function parseStoredEvent(
  row: Pick<EventRow, 'record'>,
  groups: readonly Pick<PrivateRow, 'grp' | 'body'>[],
): StoredEvent {
  const bodies: Record<string, unknown> = {}
  for (const { grp, body } of groups) bodies[grp] = JSON.parse(body)
  return { record: JSON.parse(row.record), private: bodies }
}

/** The event as projections see it, in today’s schema. @throws TypeError for a type that is not known */
export function toLogEvent(
  { record, private: groups }: StoredEvent,
  upcast: Upcast,
): LogEvent {
  const body = upcast(record.type, record.schema, { data: record.data, private: groups })
  return {
    position: record.position,
    project: record.project,
    seq: record.seq,
    stream: record.stream,
    version: record.version,
    type: record.type,
    time: parseTime(record.time),
    actor: record.actor,
    data: body.data,
    private: body.private,
  }
}
