import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { verifyCommitment } from '../commitment.ts'
import { leafHash } from '../merkle/hash.ts'
import type { VerifierKey } from '../note/note-key.ts'
import { formatNote } from '../note/signed-note.ts'
import { UnverifiedError } from '../note/unverified-error.ts'
import { formatTlogProof, openTlogProof } from '../proofs/tlog-proof.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { asObject, parseCanonical, parseReceipt, type Receipt } from './receipt.ts'

/** A receipt that holds. */
export type OpenedReceipt = {
  readonly receipt: Receipt
  /** The members of the record. The log vouches for them; which there are, its format says. */
  readonly record: Readonly<Record<string, unknown>>
  /** The log as it was when the receipt was made. */
  readonly checkpoint: Checkpoint
  /** Names of the private groups that the record commits to and the receipt does not show. */
  readonly withheld: readonly string[]
}

/**
 * Reads and verifies a receipt: that a log whose key is known has signed a checkpoint, that the record is in that log, at
 * the position that it names, and that the private groups are those that it commits to. Every byte of the receipt is
 * accounted for: there is no other receipt that says the same.
 *
 * @throws MalformedError for anything that is not exactly of the form; a proof with extra data or with signatures by
 *   unknown keys is none that a log writes
 * @throws UnverifiedError as `openTlogProof`; or if a private group is not the one that the record commits to
 *   (`wrong_commitment`)
 */
export function openReceipt(
  input: string | Uint8Array,
  keys: readonly VerifierKey[],
): OpenedReceipt {
  const receipt = parseReceipt(input)
  const { index, hashes, opened } = openTlogProof(
    receipt.proof,
    leafHash(Buffer.from(receipt.record)),
    keys,
  )
  const { text, verified } = opened.note
  const checkpoint = formatNote({ text, signatures: verified })
  if (formatTlogProof({ index, hashes, checkpoint }) !== receipt.proof) {
    throw new MalformedError(
      'proof of a receipt',
      'no extra data, and no signature by a key that is not known',
    )
  }
  const record = asObject('record', parseCanonical('record', receipt.record))
  if (record.v !== 1 || record.position !== index + 1) {
    throw new MalformedError(
      'record',
      `one of version 1 and position ${index + 1}`,
      receipt.record,
    )
  }
  const commit = asObject('commit of a record', record.commit)
  for (const [group, { salt, body }] of Object.entries(receipt.private)) {
    const committed = Object.hasOwn(commit, group) ? commit[group] : undefined
    if (typeof committed !== 'string' || !verifyCommitment(salt, body, committed)) {
      throw new UnverifiedError(
        'wrong_commitment',
        `the private group ${JSON.stringify(group)} is not the one that the record commits to`,
      )
    }
  }
  const withheld = Object.keys(commit).filter(
    (name) => !Object.hasOwn(receipt.private, name),
  )
  return { receipt, record, checkpoint: opened.checkpoint, withheld }
}
