import type { EventRow } from '../../append/log-tables.ts'
import { type EventRecord, MAX_RECORD_BYTES, RECORD_VERSION } from '../../event-record.ts'
import { eventColumn, type Findings, show } from '../finding.ts'
import type { RawEvent } from '../raw-log.ts'
import { isCanonical } from './is-canonical.ts'
import { isTime } from './is-time.ts'

/** Columns of `events` with the member of the record that each one repeats. */
const MEMBERS = {
  position: 'position',
  project: 'project',
  seq: 'seq',
  stream: 'stream',
  version: 'version',
  event_id: 'id',
  type: 'type',
  schema: 'schema',
  time: 'time',
  actor: 'actor',
  request: 'request',
} as const satisfies Partial<Record<keyof EventRow, keyof EventRecord>>

const REQUIRED: readonly string[] = [...Object.values(MEMBERS), 'v', 'data', 'commit']
const OPTIONAL: readonly string[] = ['on_behalf_of', 'causation']

/** Returns the record where it is one, and tells all that is wrong with it and its columns. */
export function checkRecord(row: RawEvent, findings: Findings): EventRecord | undefined {
  const { position } = row
  const wrong = (problem: string) =>
    findings.add({ ...eventColumn(position, 'record'), problem })
  if (typeof row.record !== 'string') {
    wrong('is no text')
    return undefined
  }
  let record: EventRecord
  try {
    record = JSON.parse(row.record)
  } catch {
    wrong('is not JSON')
    return undefined
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    wrong('is not a record')
    return undefined
  }
  if (!isCanonical(row.record)) wrong('is not canonical JSON (RFC 8785)')
  // Three bytes of UTF-8 at most for each unit, so that few texts must be measured.
  if (
    row.record.length * 3 > MAX_RECORD_BYTES &&
    Buffer.byteLength(row.record) > MAX_RECORD_BYTES
  ) {
    wrong(`is longer than ${MAX_RECORD_BYTES} bytes`)
  }
  if (!hasShape(record)) wrong('has not the members of a record')
  if (!isTime(row.time)) {
    findings.add({ ...eventColumn(position, 'time'), problem: 'is no time' })
  }
  if (!isRepeated(row, record)) {
    for (const [column, member] of Object.entries(MEMBERS)) {
      const found = row[column as keyof typeof MEMBERS]
      if (found === record[member]) continue
      findings.add({
        ...eventColumn(position, column),
        problem: 'is not what the record says',
        expected: show(record[member]),
        found: show(found),
      })
    }
  }
  return isCommit(record.commit) ? record : undefined
}

/** Whether every column repeats its member of the record. Written out, since it runs for every event. */
function isRepeated(row: RawEvent, record: EventRecord): boolean {
  return (
    row.position === record.position &&
    row.project === record.project &&
    row.seq === record.seq &&
    row.stream === record.stream &&
    row.version === record.version &&
    row.event_id === record.id &&
    row.type === record.type &&
    row.schema === record.schema &&
    row.time === record.time &&
    row.actor === record.actor &&
    row.request === record.request
  )
}

function hasShape(record: EventRecord): boolean {
  let members = 0
  for (const name in record) if (!OPTIONAL.includes(name)) members += 1
  const { on_behalf_of, causation } = record
  return (
    members === REQUIRED.length &&
    REQUIRED.every((name) => name in record) &&
    record.v === RECORD_VERSION &&
    isCommit(record.commit) &&
    (on_behalf_of === undefined || typeof on_behalf_of === 'string') &&
    (causation === undefined || typeof causation === 'string')
  )
}

function isCommit(commit: unknown): boolean {
  return typeof commit === 'object' && commit !== null && !Array.isArray(commit)
}
