import type { Command, UploadFile } from '@custody/domain'

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

/** What is handed to the log. */
export type StoredCommand = Exclude<Command, UploadFile> | StoredUpload
