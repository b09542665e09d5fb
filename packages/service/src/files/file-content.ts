import type { StoredFilePlace } from '@custody/blob-store/stored-file'
import { CustodyError, type Extent, type FileState } from '@custody/domain'
import { findExtent, findFileOf } from '@custody/file-index'
import { type DamageLog, isDamage, segmentOf } from '../integrity/damage-log.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { checkDigest, type MakeDigest, requireDigest } from './check-digest.ts'
import { toFileView } from './file-view.ts'
import type { FileContent } from './files.ts'
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
export type ExtentsContent = Pick<FileContent, 'read' | 'inline'> & {
  /** Of each extent, where a thread may read it by itself. */
  readonly places: readonly (StoredFilePlace | undefined)[]
}

/** What is to be done about bytes that are not those that were uploaded, before it is told. It may throw what is told instead. */
type OnDamage = (extent: Extent, error: CustodyError) => Promise<void>

/**
 * Opens the content of a live file: its extents one after the other. Damage that is met is written down; of a file that is
 * known to be damaged nothing is read.
 *
 * What is sealed is authentic, segment by segment, before a byte of it is given. Of what is not, an extent that is read
 * as a whole is compared with its digest before its last bytes are given, and a part of one cannot be.
 *
 * @param notFound What is told where the file ends while it is read, and its bytes go.
 * @throws CustodyError `content_damaged`, which `read` yields too
 */
export async function openFileContent(
  environment: ContentEnvironment,
  state: FileState,
  damageLog: Pick<DamageLog, 'found'>,
  notFound: () => CustodyError,
): Promise<FileContent> {
  if (state.damaged.length > 0) throw damaged()
  const { id: file, project } = state
  const content = await openExtents(environment, state, async ({ id: extent }, error) => {
    // Of the index itself: what is remembered of the file may not know of it yet.
    const now = await findFileOf(environment.log.reader.sql, project, file)
    if (!now || now.ended) throw notFound()
    const damage = { project, file, extent, segment: segmentOf(error) }
    await damageLog.found(damage, 'read')
  })
  return { file: toFileView(state), ...content }
}

/**
 * @param id Of the file or the upload, for the service's own log.
 * @param onDamage With it, what is not sealed is compared with its digest.
 */
export async function openExtents(
  environment: ContentEnvironment,
  { id, extents }: Pick<FileState, 'id' | 'extents'>,
  onDamage?: OnDamage,
): Promise<ExtentsContent> {
  const { log, logger, blobs, keys } = environment
  const stores = { sql: log.reader.sql, blobs, keys }
  const parts: Part[] = []
  let start = 0

  async function open(extent: Extent): Promise<OpenedExtent> {
    try {
      const row = await findExtent(stores.sql, extent.id)
      if (!row) throw damaged()
      const opened = await openExtent(stores, row, extent)
      if (onDamage && opened.inline && !opened.isSealed) {
        requireDigest(opened.inline, extent.sha256)
      }
      return opened
    } catch (error) {
      if (isDamage(error)) await onDamage?.(extent, error)
      logger.error(
        { file: id, extent: extent.id, err: error },
        'content cannot be opened',
      )
      throw error
    }
  }

  async function* readPart(
    { extent, ...part }: Part,
    first: number,
    end: number,
    options: { readonly signal: AbortSignal; readonly reuse?: boolean },
  ): AsyncGenerator<Uint8Array> {
    const opened = part.opened ?? (await open(extent))
    if (opened.inline) {
      yield opened.inline.subarray(first, end)
      return
    }
    const isWhole = first === 0 && end === extent.bytes
    const check = onDamage && isWhole && !opened.isSealed
    const chunks = opened.read(first, end, options)
    const { id: extentId, bytes } = extent
    const makeDigest: MakeDigest = (signal) => blobs.digest(extentId, { bytes, signal })
    try {
      yield* check ? checkDigest(chunks, extent, makeDigest) : chunks
    } catch (error) {
      if (isDamage(error)) {
        await onDamage?.(extent, error)
        logger.error({ file: id, extent: extent.id, err: error }, 'content is damaged')
      }
      throw error
    }
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
    places: parts.map(({ opened }) =>
      opened?.inline === undefined ? opened?.place : undefined,
    ),
    async *read(from, to, options) {
      for (const part of parts) {
        if (part.end <= from || part.start >= to) continue
        const first = Math.max(from, part.start) - part.start
        const end = Math.min(to, part.end) - part.start
        yield* readPart(part, first, end, options)
      }
    },
  }
}

function damaged(): CustodyError {
  return new CustodyError(
    'content_damaged',
    'The stored content of this file is damaged.',
  )
}
