import type { Command, UploadFile } from '@custody/domain'
import type { KeyUseRow } from '@custody/file-index'

/**
 * An upload with the places of its extents, which the log does not record: an inline extent's bytes are
 * the attachment with the same index.
 */
export type StoredUpload = UploadFile & {
  readonly places: readonly {
    readonly place: 'inline' | 'disk'
    readonly format: 'plain'
    readonly storedBytes: number
  }[]
}

/** Writes down when keys were last used: beside the log, so it leads to no event. */
export type RecordKeyUses = {
  readonly type: 'RecordKeyUses'
  readonly uses: readonly KeyUseRow[]
}

/** What is handed to the log. */
export type StoredCommand = Exclude<Command, UploadFile> | StoredUpload | RecordKeyUses
