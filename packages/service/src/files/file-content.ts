import { CustodyError, type Extent, type FileState } from '@custody/domain'
import { findExtent } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { FileContent } from '../types.ts'
import { toFileView } from './file-view.ts'
import { type OpenedExtent, openExtent } from './open-extent.ts'

type ContentEnvironment = Pick<ServiceEnvironment, 'log' | 'blobs' | 'keys' | 'logger'>

type Part = {
  readonly start: number
  readonly end: number
  readonly extent: Extent
  /** Undefined: inline, among others. */
  readonly opened: OpenedExtent | undefined
}

/** Bytes that lie in extents, one after the other. */
export type ExtentsContent = Pick<FileContent, 'read' | 'inline'>

/** Opens the content of a live file: its extents one after the other. */
export async function openFileContent(
  environment: ContentEnvironment,
  state: FileState,
): Promise<FileContent> {
  const content = await openExtents(environment, state)
  return { file: toFileView(state), ...content }
}

/** `id`: of the file or the upload, for the service's own log. */
export async function openExtents(
  environment: ContentEnvironment,
  { id, extents }: Pick<FileState, 'id' | 'extents'>,
): Promise<ExtentsContent> {
  const { log, logger, blobs, keys } = environment
  const stores = { sql: log.reader.sql, blobs, keys }
  const parts: Part[] = []
  let start = 0

  async function open(extent: Extent): Promise<OpenedExtent> {
    const row = await findExtent(stores.sql, extent.id)
    try {
      if (row) return await openExtent(stores, row, extent)
    } catch (error) {
      logger.error(
        { file: id, extent: extent.id, err: error },
        'content cannot be opened',
      )
      throw error
    }
    logger.error({ file: id, extent: extent.id }, 'the bytes of a file are not there')
    throw new CustodyError(
      'content_damaged',
      'The stored content of this file is damaged.',
    )
  }

  for (const extent of extents) {
    const found = await open(extent)
    // A thousand small parts would be a lot of memory: what lies inline is read again when its turn comes.
    const opened = extents.length > 1 && found.inline ? undefined : found
    parts.push({ start, end: start + extent.bytes, extent, opened })
    start += extent.bytes
  }
  const [only] = parts
  return {
    inline: parts.length === 1 ? only?.opened?.inline : undefined,
    async *read(from, to, { signal }) {
      for (const part of parts) {
        if (part.end <= from || part.start >= to) continue
        const first = Math.max(from, part.start) - part.start
        const end = Math.min(to, part.end) - part.start
        const opened = part.opened ?? (await open(part.extent))
        if (opened.inline) yield opened.inline.subarray(first, end)
        else yield* opened.read(first, end, { signal })
      }
    },
  }
}
