import { CustodyError, type FileState } from '@custody/domain'
import { type ExtentRow, findExtent } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { FileContent } from '../types.ts'
import { toFileView } from './file-view.ts'

type Part = { readonly start: number; readonly end: number; readonly row: ExtentRow }

/** Opens the content of a live file: its extents one after the other. */
export async function openFileContent(
  { log, blobs, logger }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'logger'>,
  state: FileState,
): Promise<FileContent> {
  const parts: Part[] = []
  let start = 0
  for (const extent of state.extents) {
    const row = await findExtent(log.reader.sql, extent.id)
    if (!row || (row.place === 'inline' && row.content?.length !== extent.bytes)) {
      logger.error(
        { file: state.id, extent: extent.id },
        'the bytes of a file are not there',
      )
      throw new CustodyError(
        'content_damaged',
        'The stored content of this file is damaged.',
      )
    }
    parts.push({ start, end: start + extent.bytes, row })
    start += extent.bytes
  }
  const [only] = parts
  return {
    file: toFileView(state),
    inline: parts.length === 1 && only?.row.content ? only.row.content : undefined,
    async *read(from, to, { signal }) {
      for (const part of parts) {
        if (part.end <= from || part.start >= to) continue
        const range = {
          start: Math.max(from, part.start) - part.start,
          end: Math.min(to, part.end) - part.start,
        }
        if (part.row.content) yield part.row.content.subarray(range.start, range.end)
        else yield* blobs.read(part.row.id, { ...range, signal })
      }
    },
  }
}
