import {
  type Decision,
  decideAddPart,
  decideCancelUpload,
  decideCompleteUpload,
  decideCreateUpload,
  decideExpireUpload,
  type UploadState,
} from '@custody/domain'
import type { DecideContext } from '@custody/event-log'
import type { UploadsBatch } from '@custody/file-index'
import type { Place, StoredCommand } from './stored-command.ts'

type UploadCommand = Extract<
  StoredCommand,
  {
    readonly type:
      | 'CreateUpload'
      | 'AddPart'
      | 'CompleteUpload'
      | 'CancelUpload'
      | 'ExpireUpload'
  }
>

/** What uploads in parts have in common with those in one form. */
export type PartsContext = {
  uploadState(
    project: string,
    dialect: { readonly quotaBytes?: number },
  ): Promise<UploadState>
  /** Writes down where the bytes of an extent lie. */
  keepExtent(id: string, place: Place, attachment: Uint8Array | undefined): Promise<void>
}

/** Decides on an upload in parts. */
export async function decideParts(
  uploads: UploadsBatch,
  { uploadState, keepExtent }: PartsContext,
  command: UploadCommand,
  { project, now, attachments }: DecideContext,
): Promise<Decision> {
  const asked = { project }
  switch (command.type) {
    case 'CreateUpload':
      return decideCreateUpload(await uploadState(project, {}), command, now)
    case 'AddPart': {
      const decision = decideAddPart(
        await uploads.upload(command.upload),
        await uploadState(project, command),
        { ...command, ...asked },
        now,
      )
      if ('events' in decision) {
        await keepExtent(command.part, command.place, attachments[0])
      }
      return decision
    }
    case 'CompleteUpload':
      return decideCompleteUpload(
        await uploads.upload(command.upload),
        await uploadState(project, command.file),
        { ...command, ...asked },
        now,
      )
    case 'CancelUpload':
      return decideCancelUpload(
        await uploads.upload(command.upload),
        { ...command, ...asked },
        now,
      )
    case 'ExpireUpload':
      return decideExpireUpload(await uploads.upload(command.upload), command, now)
  }
}
