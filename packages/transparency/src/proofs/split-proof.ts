import { parseCheckpoint } from '../checkpoint/checkpoint.ts'
import { maxNoteBytes, parseNote } from '../note/signed-note.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { readText } from '../text/read-text.ts'

/** What a proof has above its checkpoint may be as long again. */
const maxProofBytes = 2 * maxNoteBytes

/** Cuts a proof at its first blank line: lines above it, a signed checkpoint below. */
export function splitProof(
  what: string,
  input: string | Uint8Array,
): { readonly lines: readonly string[]; readonly checkpoint: string } {
  const text = readText(what, input, maxProofBytes)
  const end = text.indexOf('\n\n')
  if (end < 0) {
    throw new MalformedError(what, 'lines, a blank line and a signed checkpoint', text)
  }
  const checkpoint = text.slice(end + 2)
  checkSignedCheckpoint(checkpoint)
  return { lines: text.slice(0, end).split('\n'), checkpoint }
}

/**
 * The reverse: lines, each ended by a newline, a blank line and the checkpoint.
 * @throws MalformedError if the checkpoint is not of the form, or all is too long
 */
export function joinProof(what: string, lines: string, checkpoint: string): string {
  checkSignedCheckpoint(checkpoint)
  return readText(what, `${lines}\n${checkpoint}`, maxProofBytes)
}

function checkSignedCheckpoint(text: string): void {
  parseCheckpoint(parseNote(text).text)
}
