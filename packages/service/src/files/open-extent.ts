import {
  type BlobStore,
  isBox,
  isSealedFormat,
  openSealedBox,
  type ReadStored,
  readSealed,
} from '@custody/blob-store'
import type { SealedFileKey } from '@custody/blob-store/sealed-file'
import type { StoredFilePlace } from '@custody/blob-store/stored-file'
import { CustodyError, type Extent } from '@custody/domain'
import type { Sql } from '@custody/event-log'
import { type ExtentRow, findWrappedKey } from '@custody/file-index'
import type { KeyRing } from '../keys/key-ring.ts'

/** One extent's content, whatever place and format it lies in. */
export type OpenedExtent = {
  /** Whether no byte is given that is not authentic. */
  readonly isSealed: boolean
} & (
  | { readonly inline: Uint8Array }
  | {
      readonly inline: undefined
      readonly read: ReadStored
      /** Where a thread may read it by itself, if there is such a place. */
      readonly place: StoredFilePlace | undefined
    }
)

/** Where extents, their bytes and their keys are. */
export type ExtentStores = {
  readonly sql: Sql
  readonly blobs: Pick<BlobStore, 'read' | 'readSealed' | 'pathOf'>
  readonly keys: KeyRing | undefined
}

/** @throws CustodyError `content_damaged`, `content_not_imported`, `master_key_missing` */
export async function openExtent(
  { sql, blobs, keys }: ExtentStores,
  row: ExtentRow,
  { bytes }: Pick<Extent, 'bytes'>,
): Promise<OpenedExtent> {
  const { id, format, content } = row
  if (row.place === 'absent') {
    throw new CustodyError(
      'content_not_imported',
      'The content of this file was not imported with it.',
    )
  }
  const readStored: ReadStored = (start, end, options) =>
    blobs.read(id, { start, end, ...options })
  const placeOf = (key: SealedFileKey | undefined): StoredFilePlace | undefined => {
    const path = blobs.pathOf(id)
    return path === undefined ? undefined : { extentId: id, path, bytes, key }
  }
  if (format === 'plain') {
    if (!content) {
      const place = placeOf(undefined)
      return { isSealed: false, inline: undefined, read: readStored, place }
    }
    if (content.length !== bytes) throw damaged(`extent ${id} has another length`)
    return { isSealed: false, inline: content }
  }
  if (!isSealedFormat(format)) throw damaged(`extent ${id} has a format that is unknown`)
  const wrapped = await findWrappedKey(sql, id)
  if (!wrapped) throw damaged(`the key of extent ${id} was destroyed`)
  if (!keys) {
    throw new CustodyError(
      'master_key_missing',
      'The content is sealed, and there is no master key.',
    )
  }
  const dataKey = keys.unwrap(wrapped, id)
  const extent = { format, dataKey, bytes, storedBytes: row.stored_bytes }
  if (!isBox(format) && !content) {
    const read: ReadStored = (start, end, options) =>
      blobs.readSealed(id, extent, { start, end, ...options })
    const { storedBytes } = extent
    const place = placeOf({ format, dataKey: new Uint8Array(dataKey), storedBytes })
    return { isSealed: true, inline: undefined, read, place }
  }
  if (content && isBox(format)) {
    return { isSealed: true, inline: openSealedBox(extent, content) }
  }
  const read: ReadStored = content
    ? (start, end) => [content.subarray(start, end)]
    : readStored
  return {
    isSealed: true,
    inline: undefined,
    read: (start, end, options) => readSealed(extent, read, { start, end, ...options }),
    place: undefined,
  }
}

function damaged(how: string): CustodyError {
  return new CustodyError('content_damaged', `Stored content is damaged: ${how}`)
}
