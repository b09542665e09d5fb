import { createHash } from 'node:crypto'
import { addTypeIssue } from '../add-type-issue.ts'
import { addIssue, type Batch } from '../batch.ts'
import { quote } from '../quote.ts'

/** `custom_id`: a string, used once in the file. */
export function checkCustomId(batch: Batch, id: unknown, line: number): void {
  if (typeof id !== 'string') {
    addTypeIssue(batch, line, 'custom_id', 'a string', id)
    return
  }
  const key = id.length <= 128 ? id : hash(id)
  const firstUse = batch.firstUses.get(key)
  if (firstUse === undefined) {
    batch.firstUses.set(key, line)
    return
  }
  addIssue(
    batch,
    line,
    'duplicate_custom_id',
    `Duplicate custom_id ${quote(id)}: it was first used on line ${firstUse}. Each custom_id must be unique in the file.`,
    'custom_id',
  )
}

/** Stands for a long id: 50,000 of 4 KiB each would not fit in a worker's memory. */
function hash(id: string): string {
  return `sha256:${createHash('sha256').update(id, 'utf16le').digest('base64')}`
}
