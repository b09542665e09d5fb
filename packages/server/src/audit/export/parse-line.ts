import { isUtf8 } from 'node:buffer'
import { isCanonical } from '@custody/event-log'
import type { ExportLine } from './export-lines.ts'

/** The one member of the line, or what is wrong. */
export function parseLine(line: ExportLine): [kind: string, value: unknown] | string {
  const { bytes, isWhole, isBounded } = line
  if (!isBounded) return 'is longer than any line of an export'
  if (!isWhole) return 'is cut short'
  if (!isUtf8(bytes)) return 'is no UTF-8'
  const text = bytes.toString()
  const data = DATA.exec(text)?.[1]
  if (data !== undefined) return ['data', data]
  if (!isCanonical(text)) return 'is no canonical JSON (RFC 8785)'
  const entries = Object.entries(Object(JSON.parse(text)))
  const [only] = entries
  if (only && entries.length === 1 && text.startsWith('{')) return only
  return 'is no object of one member'
}

/** Content: most of what is read, and canonical by its form. */
const DATA = /^\{"data":"([A-Za-z0-9+/]*={0,2})"\}$/
