import type { BlobStore, UploadSpool } from '@custody/blob-store'
import type { LogLoader } from '@custody/event-log'
import {
  type ExtentRow,
  putExtents,
  putWrappedKeys,
  removeExtents,
} from '@custody/file-index'
import type { KeyRing } from '@custody/service'
import type { ContentSink } from '../audit/export/content-sink.ts'

/** Stores contents as uploads are stored, sealed under this deployment's own master key, with their rows beside the log. */
export function contentStore({
  loader: { sql },
  blobs,
  keys,
  signal,
}: {
  readonly loader: Pick<LogLoader, 'sql'>
  readonly blobs: BlobStore
  /** Undefined: nothing is sealed. */
  readonly keys: KeyRing | undefined
  readonly signal: AbortSignal
}): ContentSink {
  let open: { readonly extent: string; readonly spool: UploadSpool } | undefined

  return {
    begin(extent, bytes) {
      open = { extent, spool: blobs.spool({ maxBytes: bytes, signal }) }
    },
    async write(chunk) {
      await open?.spool.write(chunk)
    },
    async end() {
      if (!open) return
      const { extent, spool } = open
      open = undefined
      // A content that stands there a second time is told by the reader.
      if ((await blobs.existing([extent])).size > 0) return await spool.discard()
      const { stored, ...content } = await ended(spool)
      if (stored.format !== 'plain') {
        if (!keys) throw new TypeError('Content was sealed, and there is no master key')
        const { kek, wrapped } = keys.wrap(stored.dataKey, extent)
        await putWrappedKeys(sql, [{ extent, kek, wrapped }])
      }
      if (!stored.inline) await content.commit(extent)
      await putExtents(sql, [
        {
          id: extent,
          place: stored.inline ? 'inline' : 'disk',
          format: stored.format,
          stored_bytes: stored.bytes,
          content: stored.inline ?? null,
        },
      ])
    },
    async discard() {
      await open?.spool.discard()
      open = undefined
    },
    async remove(extents) {
      await blobs.delete(extents)
      await removeExtents(sql, extents)
    },
  }
}

async function ended(spool: UploadSpool) {
  const content = await spool.end()
  return {
    stored: content.stored,
    commit: (extent: string) => content.commit(extent),
  }
}

/** The row of an extent whose content was not in the export. */
export function absentExtent(id: string): ExtentRow {
  return { id, place: 'absent', format: 'plain', stored_bytes: 0, content: null }
}
