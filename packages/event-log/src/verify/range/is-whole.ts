import { commitmentOfText } from '@custody/transparency'
import { MAX_RECORD_BYTES, RECORD_VERSION } from '../../event-record.ts'
import type { RawEvent, RawPrivate } from '../raw-log.ts'
import { isPlainJson, isPlainText } from './is-canonical.ts'
import { isTime } from './is-time.ts'
import { isSalt, toSalt } from './salt.ts'

/**
 * Whether an event is as nearly all are, with nothing wrong: its record is, to the letter, what its columns and private
 * rows give, around plain data. Nothing is parsed for that, which takes half of the time. False says nothing.
 */
export function isWhole(row: RawEvent, rows: readonly RawPrivate[]): boolean {
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
