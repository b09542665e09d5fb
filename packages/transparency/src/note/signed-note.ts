import { sign, verify } from 'node:crypto'
import { decodeBase64, encodeBase64 } from '../text/base64.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { checkText, readText } from '../text/read-text.ts'
import { checkKeyName, type SignerKey, type VerifierKey } from './note-key.ts'
import { UnverifiedError } from './unverified-error.ts'

/** A longer note is refused. Sixteen post-quantum signatures, which all must take, need a tenth of it. */
export const maxNoteBytes = 1_000_000

/** More signatures than this in a note are refused. */
export const maxNoteSignatures = 100

/** One line below the text of a note. */
export type NoteSignature = {
  readonly name: string
  readonly keyId: number
  /** One byte at least. Of Ed25519, 64. */
  readonly signature: Buffer
}

/** A note as it is written. Nothing says yet that the signatures are anybody's. */
export type SignedNote = {
  /** Ends with a newline. */
  readonly text: string
  /** At least one. */
  readonly signatures: readonly NoteSignature[]
}

/** A note that at least one known key has signed. */
export type OpenedNote = {
  readonly text: string
  /** One for each known key that signed, in the order of the note. */
  readonly verified: readonly NoteSignature[]
  /** By keys that the reader does not know: whoever sent the note may have put anything here. */
  readonly unknown: readonly NoteSignature[]
}

const lineStart = '— '

/**
 * Reads a note without verifying it. Each note has one text: `formatNote` gives the same again.
 * @throws MalformedError for anything that is not exactly of the form
 * @see https://c2sp.org/signed-note#format
 */
export function parseNote(input: string | Uint8Array): SignedNote {
  const note = readText('note', input, maxNoteBytes)
  const split = note.lastIndexOf('\n\n')
  const text = note.slice(0, split + 1)
  const lines = note.slice(split + 2).split('\n')
  if (split < 0 || lines.length < 2 || lines.pop() !== '') {
    throw new MalformedError(
      'note',
      'a text, a blank line and lines of signatures, all ended by newlines',
      note,
    )
  }
  checkCount(lines.length)
  return { text, signatures: lines.map(parseSignature) }
}

/**
 * Writes a note with the signatures given.
 * @throws MalformedError if the text does not end with a newline or has control characters, or there
 *   is no signature, an empty one or one with an unfit name, or the note becomes too long
 */
export function formatNote({ text, signatures }: SignedNote): string {
  checkText('text of a note', text)
  if (!text.endsWith('\n')) {
    throw new MalformedError('text of a note', 'a text that ends with a newline', text)
  }
  checkCount(signatures.length)
  const note = `${text}\n${signatures.map(formatSignature).join('')}`
  return readText('note', note, maxNoteBytes)
}

/**
 * Signs a text.
 * @param text what is signed, the newline at its end included
 * @param signers at least one
 * @throws MalformedError if the text does not end with a newline or has control characters
 */
export function signNote(text: string, signers: readonly SignerKey[]): string {
  const signed = Buffer.from(text)
  const signatures = signers.map(({ verifier, key }) => ({
    name: verifier.name,
    keyId: verifier.keyId,
    signature: sign(null, signed, key),
  }))
  return formatNote({ text, signatures })
}

/**
 * Reads a note that one of the known keys must have signed. Signatures by other keys are passed over;
 * one in the name of a known key that is not valid refuses the whole.
 *
 * Where only what was verified may count, compare the note with
 * `formatNote({ text, signatures: verified })`.
 *
 * @throws MalformedError for anything that is not exactly of the form
 * @throws UnverifiedError if no known key has signed (`unknown_keys`), or a signature is not valid
 *   (`invalid_signature`)
 * @see https://c2sp.org/signed-note#signatures
 */
export function openNote(
  input: string | Uint8Array,
  keys: readonly VerifierKey[],
): OpenedNote {
  const { text, signatures } = parseNote(input)
  const signed = Buffer.from(text)
  const verified = new Map<string, NoteSignature>()
  const unknown: NoteSignature[] = []
  for (const signature of signatures) {
    const { name, keyId } = signature
    const matching = keys.filter((key) => key.name === name && key.keyId === keyId)
    if (matching.length === 0) {
      unknown.push(signature)
      continue
    }
    const valid = matching.every(({ key }) =>
      verify(null, signed, key, signature.signature),
    )
    const shown = `${name}+${keyId.toString(16).padStart(8, '0')}`
    if (!valid) {
      throw new UnverifiedError(
        'invalid_signature',
        `the signature of the note in the name of ${shown} is not by that key`,
      )
    }
    if (!verified.has(shown)) verified.set(shown, signature)
  }
  if (verified.size === 0) {
    throw new UnverifiedError(
      'unknown_keys',
      `none of the ${signatures.length} signatures of the note is by a known key`,
    )
  }
  return { text, verified: [...verified.values()], unknown }
}

function checkCount(count: number): void {
  if (count < 1 || count > maxNoteSignatures) {
    throw new MalformedError(
      `note with ${count} signatures`,
      `from 1 to ${maxNoteSignatures}`,
    )
  }
}

function parseSignature(line: string): NoteSignature {
  const [name = '', base64 = '', ...more] = line.slice(lineStart.length).split(' ')
  if (!line.startsWith(lineStart) || more.length > 0) {
    throw new MalformedError('signature line', '— <key name> <base64>', line)
  }
  checkKeyName(name)
  const bytes = decodeBase64('signature', base64)
  if (bytes.length < 5) {
    throw new MalformedError('signature', 'a key id of 4 bytes and a signature', base64)
  }
  return { name, keyId: bytes.readUInt32BE(), signature: bytes.subarray(4) }
}

function formatSignature({ name, keyId, signature }: NoteSignature): string {
  checkKeyName(name)
  if (signature.length === 0) {
    throw new MalformedError('signature', 'a signature of at least one byte', name)
  }
  const id = Buffer.alloc(4)
  id.writeUInt32BE(keyId)
  return `${lineStart}${name} ${encodeBase64(Buffer.concat([id, signature]))}\n`
}
