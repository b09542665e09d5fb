import {
  commitmentOfText,
  hashBytes,
  leafHash,
  leafHashOfText,
  saltBytes,
} from '@custody/transparency'
import { batchChain } from '../../append/batch-chain.ts'
import { WRITER_EPOCH } from '../../append/log-head.ts'
import type { BatchRow, EventRow } from '../../append/log-tables.ts'
import { type EventRecord, MAX_RECORD_BYTES, RECORD_VERSION } from '../../event-record.ts'
import { parseTime } from '../../log-time.ts'
import { collectFindings, type Finding, type Findings, show } from '../finding.ts'
import type { ErasedGroup, RawEvent, RawPrivate, RawRows } from '../raw-log.ts'
import { batchBefore, batchesBetween, recordAt } from '../raw-rows.ts'
import { isCanonical, isPlainJson, isPlainText } from './is-canonical.ts'

/** What can be told of a range of positions by itself; plain data, so that it can come from another thread. */
export type RangeReport = {
  readonly from: number
  readonly to: number
  /** Leaf hashes, computed from the records; of events that are missing, zeros. */
  readonly leaves: Uint8Array
  /** Positions that have no event. */
  readonly missing: readonly number[]
  /** Events whose leaf hash is stored as another one. */
  readonly doubtful: readonly { readonly position: number; readonly stored: Uint8Array }[]
  /** Groups that a record commits to, and that are not there. */
  readonly erased: readonly ErasedGroup[]
  readonly findings: readonly Finding[]
  readonly count: number
}

/** A row whose texts may stand for other bytes than those that are stored. */
type Inexact = {
  readonly table: 'events' | 'event_private'
  readonly key: { readonly position: number; readonly grp?: string }
}

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

/** What a text turns to where its bytes are no UTF-8. */
const REPLACEMENT = '\ufffd'

/**
 * Checks the events from `from` to `to` (inclusive) with their private groups, and the batches that end there:
 * everything but their place in the tree.
 */
export async function checkRange(
  log: RawRows,
  from: number,
  to: number,
): Promise<RangeReport> {
  try {
    return await checkRows(log, from, to)
  } catch (error) {
    if (!log.isDamage(error)) throw error
    const size = to - from + 1
    const problem = 'the database is damaged: it cannot be read'
    return {
      from,
      to,
      leaves: new Uint8Array(size * hashBytes),
      missing: Array.from({ length: size }, (_, index) => from + index),
      doubtful: [],
      erased: [],
      findings: [{ table: 'events', key: `${from}..${to}`, problem }],
      count: 1,
    }
  }
}

async function checkRows(log: RawRows, from: number, to: number): Promise<RangeReport> {
  const { sql } = log
  const findings = collectFindings()
  const args = { from, to }
  const events = await log.events(from, to)
  const privates = await log.privates(from, to)
  const leaves = Buffer.from(new ArrayBuffer((to - from + 1) * hashBytes))
  const missing: number[] = []
  const doubtful: { position: number; stored: Uint8Array }[] = []
  const erased: ErasedGroup[] = []
  const inexact: Inexact[] = []
  const times: string[] = []
  let time =
    from > 1 ? ((await sql.get(recordAt, { position: from - 1 }))?.time ?? '') : ''
  let nextPrivate = 0
  let nextEvent = 0

  for (let position = from; position <= to; position += 1) {
    const own: RawPrivate[] = []
    for (; privates[nextPrivate]?.position === position; nextPrivate += 1) {
      const row = privates[nextPrivate]
      if (row) own.push(row)
    }
    const row = events[nextEvent]
    if (row?.position !== position) {
      missing.push(position)
      for (const { grp } of own) findings.add(extra(position, grp))
      continue
    }
    nextEvent += 1
    const leaf = leafHashOf(row.record)
    leaves.write(leaf, (position - from) * hashBytes, 'hex')
    if (leaf !== row.leaf_hash) {
      doubtful.push({ position, stored: Buffer.from(row.leaf_hash, 'hex') })
    }
    if (!(row.time > time)) {
      findings.add({
        ...at(position, 'time'),
        problem: 'is not after that of the event before',
        expected: `later than ${time}`,
        found: show(row.time),
      })
    }
    time = row.time
    times[position - from] = time
    if (isWhole(row, own)) continue
    const record = parseRecord(row, findings)
    if (String(row.record).includes(REPLACEMENT)) {
      inexact.push({ table: 'events', key: { position } })
    }
    const commit = record?.commit
    if (commit) checkPrivate(findings, position, commit, own, { erased, inexact })
  }

  tellMissing(findings, missing)
  for (const { table, key } of inexact) {
    for (const column of await log.inexactTexts(table, key)) {
      const name = Object.values(key).join(' ')
      findings.add({ table, key: name, column, problem: 'its bytes are no UTF-8' })
    }
  }
  let before = await sql.get(batchBefore, { position: from })
  for (const batch of await sql.all(batchesBetween, args)) {
    checkBatch(findings, batch, before, times[batch.position - from])
    before = batch
  }
  const { list, count } = findings
  return { from, to, leaves, missing, doubtful, erased, findings: list, count }
}

function tellMissing(findings: Findings, missing: readonly number[]): void {
  let from: number | undefined
  for (const [index, position] of missing.entries()) {
    from ??= position
    if (missing[index + 1] === position + 1) continue
    const key = from === position ? String(from) : `${from}..${position}`
    findings.add({ table: 'events', key, problem: 'is missing' })
    from = undefined
  }
}

const at = (position: number, column: string) =>
  ({ table: 'events', key: String(position), column }) as const

const extra = (position: number, grp: unknown): Finding => ({
  table: 'event_private',
  key: `${position} ${grp}`,
  problem: 'a private group that no event has',
})

/**
 * Whether an event is as nearly all are, with nothing wrong: its record is, to the letter, what its columns and private
 * rows give, around plain data. Nothing is parsed for that, which takes half of the time. False says nothing.
 */
function isWhole(row: RawEvent, rows: readonly RawPrivate[]): boolean {
  const { record, position, seq, version, schema } = row
  if (typeof record !== 'string' || record.length * 3 > MAX_RECORD_BYTES) return false
  if (typeof seq !== 'number' || typeof version !== 'number') return false
  if (typeof position !== 'number' || typeof schema !== 'number') return false
  const { project, stream, event_id, type, time, actor, request } = row
  if (!isPlainText(project) || !isPlainText(stream) || !isPlainText(event_id))
    return false
  if (!isPlainText(type) || !isPlainText(actor) || !isPlainText(request)) return false
  if (!isTime(time)) return false
  const commit = commitOf(rows)
  if (commit === undefined) return false
  const head = `{"actor":"${actor}","commit":${commit},"data":`
  const tail =
    `,"id":"${event_id}","position":${position},"project":"${project}","request":"${request}",` +
    `"schema":${schema},"seq":${seq},"stream":"${stream}","time":"${time}","type":"${type}",` +
    `"v":${RECORD_VERSION},"version":${version}}`
  return (
    record.startsWith(head) &&
    record.endsWith(tail) &&
    isPlainJson(record, head.length, record.length - tail.length)
  )
}

/** The commitments that private rows give, as a record has them; undefined where something is unusual. */
function commitOf(rows: readonly RawPrivate[]): string | undefined {
  let text = ''
  let before: string | undefined
  for (const { grp, salt, body } of rows) {
    if (!isPlainText(grp) || (before !== undefined && before >= grp)) return undefined
    if (!isSalt(salt) || typeof body !== 'string' || !isPlainJson(body)) return undefined
    text += `${before === undefined ? '' : ','}"${grp}":"${commitmentOfText(toSalt(salt), body)}"`
    before = grp
  }
  return `{${text}}`
}

const isSalt = (hex: string) => hex.length === 2 * saltBytes

const saltBuffer = Buffer.alloc(saltBytes)

/** Valid until the next call. */
function toSalt(hex: string): Uint8Array {
  saltBuffer.write(hex, 'hex')
  return saltBuffer
}

/** Returns the record where it is one, and tells all that is wrong with it and its columns. */
function parseRecord(row: RawEvent, findings: Findings): EventRecord | undefined {
  const { position } = row
  const wrong = (problem: string) => findings.add({ ...at(position, 'record'), problem })
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
  if (!isTime(row.time)) findings.add({ ...at(position, 'time'), problem: 'is no time' })
  if (!isRepeated(row, record)) {
    for (const [column, member] of Object.entries(MEMBERS)) {
      const found = row[column as keyof typeof MEMBERS]
      if (found === record[member]) continue
      findings.add({
        ...at(position, column),
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

function isTime(text: string): boolean {
  try {
    parseTime(text)
    return true
  } catch {
    return false
  }
}

/** In lower-case hex. */
function leafHashOf(record: unknown): string {
  if (typeof record === 'string') return leafHashOfText(record)
  return leafHash(toBytes(record)).toString('hex')
}

function checkPrivate(
  findings: Findings,
  position: number,
  commit: Readonly<Record<string, unknown>>,
  rows: readonly RawPrivate[],
  { erased, inexact }: { readonly erased: ErasedGroup[]; readonly inexact: Inexact[] },
): void {
  let present = 0
  for (const { grp, salt, body } of rows) {
    if (!Object.hasOwn(commit, grp)) {
      findings.add(extra(position, grp))
      continue
    }
    present += 1
    const wrong = (column: string, problem: string) =>
      findings.add({ table: 'event_private', key: `${position} ${grp}`, column, problem })
    if (!isSalt(salt)) {
      wrong('salt', `is not ${saltBytes} bytes`)
      continue
    }
    if (typeof body !== 'string') {
      wrong('body', 'is no text')
      continue
    }
    if (commitmentOfText(toSalt(salt), body) !== commit[grp]) {
      wrong('body', 'does not give the commitment of the record, with its salt')
    }
    if (!isCanonical(body)) wrong('body', 'is not canonical JSON (RFC 8785)')
    if (body.includes(REPLACEMENT)) {
      inexact.push({ table: 'event_private', key: { position, grp } })
    }
  }
  if (present === Object.keys(commit).length) return
  for (const group in commit) {
    if (!rows.some(({ grp }) => grp === group)) erased.push({ position, group })
  }
}

function checkBatch(
  findings: Findings,
  batch: BatchRow,
  before: BatchRow | undefined,
  time: string | undefined,
): void {
  const wrong = (column: string, problem: string, expected?: unknown) =>
    findings.add({
      table: 'log_batches',
      key: String(batch.position),
      column,
      problem,
      ...(expected !== undefined && {
        expected: show(expected),
        found: show(batch[column as keyof BatchRow]),
      }),
    })
  if (time !== undefined && batch.time !== time) {
    wrong('time', 'is not that of its last event', time)
  }
  const epoch = batch.writer_epoch
  if (!(epoch >= (before?.writer_epoch ?? 1)) || epoch > WRITER_EPOCH) {
    wrong('writer_epoch', 'is no form in which this could be written', WRITER_EPOCH)
  }
  if (!isGenerations(batch.projections)) wrong('projections', 'names no generations')
  if (!isChained(batch, before)) {
    const first = before?.position ?? 1
    const key = first === batch.position ? '' : `${first}..`
    const problem =
      'breaks here: one of these rows was changed, or one between them added or removed'
    findings.add({
      table: 'log_batches',
      key: `${key}${batch.position}`,
      column: 'chain',
      problem,
    })
  }
}

function isChained(batch: BatchRow, before: BatchRow | undefined): boolean {
  try {
    const row = { ...batch, frontier: toBytes(batch.frontier) }
    const chain = batchChain(toBytes(before?.chain), row)
    return Buffer.compare(chain, toBytes(batch.chain)) === 0
  } catch {
    // A value that nobody wrote there, such as a bigint.
    return false
  }
}

function isGenerations(text: string): boolean {
  try {
    const found: unknown = JSON.parse(text)
    return (
      typeof found === 'object' &&
      found !== null &&
      !Array.isArray(found) &&
      JSON.stringify(found) === text &&
      Object.values(found).every((generation) => typeof generation === 'string')
    )
  } catch {
    return false
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

/** Bytes of a column that should hold some: of another value, those of its text. */
function toBytes(value: unknown): Uint8Array {
  if (isBytes(value)) return value
  return Buffer.from(value === undefined || value === null ? '' : String(value))
}
