import { CustodyError } from '@custody/domain'
import {
  type Checkpoint,
  MalformedError,
  parseCheckpoint,
  parseNote,
} from '@custody/transparency'

/**
 * What a signed checkpoint says, which is not verified.
 * @throws CustodyError `data_folder_unusable` where it is none
 */
export function checkpointOf(note: string): Checkpoint & { readonly note: string } {
  try {
    return { ...parseCheckpoint(parseNote(note).text), note }
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause
    throw new CustodyError('data_folder_unusable', `No checkpoint: ${cause.message}.`, {
      cause,
    })
  }
}
