import type { VerifierKey } from '../note/note-key.ts'
import { type OpenedNote, openNote } from '../note/signed-note.ts'
import { UnverifiedError } from '../note/unverified-error.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'

/** A checkpoint that its log has signed, and the note that carries it. */
export type OpenedCheckpoint = {
  readonly checkpoint: Checkpoint
  readonly note: OpenedNote
}

/**
 * Reads a signed checkpoint that its log must have signed: with a known key whose name is the origin.
 * Cosignatures by other known keys are verified too, and are not enough.
 *
 * @param keys those that the reader trusts; which of them the log is tells `checkpoint.origin`
 * @throws MalformedError for anything that is not exactly of the form
 * @throws UnverifiedError as `openNote`, or if the log itself has not signed (`foreign_origin`)
 * @see https://c2sp.org/tlog-checkpoint
 */
export function openCheckpoint(
  input: string | Uint8Array,
  keys: readonly VerifierKey[],
): OpenedCheckpoint {
  const note = openNote(input, keys)
  const checkpoint = parseCheckpoint(note.text)
  if (!note.verified.some(({ name }) => name === checkpoint.origin)) {
    throw new UnverifiedError(
      'foreign_origin',
      `the checkpoint is not signed by a known key of its log, ${JSON.stringify(checkpoint.origin)}`,
    )
  }
  return { checkpoint, note }
}
