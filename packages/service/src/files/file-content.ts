import { CustodyError, type Extent, type FileState } from '@custody/domain'
import { type ExtentRow, findExtent } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { FileContent } from '../types.ts'
import { toFileView } from './file-view.ts'

type Part = {
  readonly start: number
  readonly end: number
  readonly extent: Extent
  /** Where it lies; undefined: inline, among others. */
  readonly row: ExtentRow | undefined
}

/** Bytes that lie in extents, one after the other. */
export type ExtentsContent = Pick<FileContent, 'read' | 'inline'>

/** Opens the content of a live file: its extents one after the other. */
export async function openFileContent(
  { log, blobs, logger }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'logger'>,
  state: FileState,
): Promise<FileContent> {
  const content = await openExtents({ log, blobs, logger }, state)
  return { file: toFileView(state), ...content }
}

/** `id`: of the file or the upload, for the service's own log. */
export async function openExtents(
  { log, blobs, logger }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'logger'>,
  { id, extents }: Pick<FileState, 'id' | 'extents'>,
): Promise<ExtentsContent> {
  const parts: Part[] = []
  let start = 0

  async function rowOf(extent: Extent): Promise<ExtentRow> {
    const row = await findExtent(log.reader.sql, extent.id)
    if (!row || (row.place === 'inline' && row.content?.length !== extent.bytes)) {
      logger.error({ file: id, extent: extent.id }, 'the bytes of a file are not there')
      throw new CustodyError(
        'content_damaged',
        'The stored content of this file is damaged.',
      )
    }
    return row
  }

  for (const extent of extents) {
    const found = await rowOf(extent)
    // A thousand small parts would be a lot of memory: what lies inline is read again when its turn comes.
    const row = extents.length > 1 && found.place === 'inline' ? undefined : found
    parts.push({ start, end: start + extent.bytes, extent, row })
    start += extent.bytes
  }
  const [only] = parts
  return {
    inline: parts.length === 1 && only?.row?.content ? only.row.content : undefined,
    async *read(from, to, { signal }) {
      for (const part of parts) {
        if (part.end <= from || part.start >= to) continue
        const range = {
          start: Math.max(from, part.start) - part.start,
          end: Math.min(to, part.end) - part.start,
        }
        const row = part.row ?? (await rowOf(part.extent))
        if (row.content) yield row.content.subarray(range.start, range.end)
        else yield* blobs.read(row.id, { ...range, signal })
      }
    },
  }
}
