import { CustodyError, quote } from '@custody/domain'
import { EXPORT_FORMAT, EXPORT_VERSION } from '@custody/service'
import type { ExportLine } from './export-lines.ts'
import { parseLine } from './parse-line.ts'

/** What the first line of an export says. */
export type ExportHeader = {
  readonly logId: string
  /** Of the checkpoints. */
  readonly origin: string
  /** Events of the first checkpoint. What is erased by later ones may be there, or may not. */
  readonly events: number
  /** Whether the content of live files is in it. */
  readonly blobs: boolean
}

/** Reads the first line. @throws CustodyError `invalid_export` */
export function readHeader(line: ExportLine | undefined): ExportHeader {
  const refuse = (problem: string) =>
    new CustodyError('invalid_export', `This is no export of a log: ${problem}.`)
  if (!line) throw refuse('it is empty')
  const found = parseLine(line)
  if (typeof found === 'string') throw refuse(`its first line ${found}`)
  const [kind, value] = found
  const { format, version, log_id: logId, origin, events, blobs } = Object(value)
  if (kind !== 'export' || format !== EXPORT_FORMAT) {
    throw refuse(`its first line does not name the format ${quote(EXPORT_FORMAT)}`)
  }
  if (version !== EXPORT_VERSION) {
    throw refuse(
      `its version is ${quote(String(version))}, and this is read: ${EXPORT_VERSION}`,
    )
  }
  const isOne =
    Object.keys(Object(value)).length === 6 &&
    typeof logId === 'string' &&
    typeof origin === 'string' &&
    Number.isSafeInteger(events) &&
    typeof blobs === 'boolean'
  if (isOne) return { logId, origin, events, blobs }
  throw refuse('its first line has other members than log_id, origin, events and blobs')
}
