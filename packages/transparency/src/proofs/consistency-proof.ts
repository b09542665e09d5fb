import { type OpenedCheckpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { verifyConsistency } from '../merkle/consistency-proof.ts'
import { checkSize } from '../merkle/sizes.ts'
import type { VerifierKey } from '../note/note-key.ts'
import { UnverifiedError } from '../note/unverified-error.ts'
import { parseDecimal } from '../text/decimal.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { formatHashes, parseHashes } from './proof-hashes.ts'
import { joinProof, splitProof } from './split-proof.ts'

/** The proof that a log begins with what it was, complete: what one sends to a witness. */
export type ConsistencyProof = {
  /** Leaves in the log as it was. */
  readonly oldSize: number
  /** The consistency proof from there to the checkpoint. */
  readonly hashes: readonly Buffer[]
  /** The signed checkpoint, as the log wrote it. */
  readonly checkpoint: string
}

const oldStart = 'old '

/**
 * Writes a consistency proof with its checkpoint, as the body of a witness's `add-checkpoint` request.
 * @throws MalformedError if the checkpoint is not of the form, or there are more hashes than 63
 * @throws RangeError if the size is not an integer from 0 to 2^53 − 1, or a hash not 32 bytes long
 * @see https://c2sp.org/tlog-witness#add-checkpoint
 */
export function formatConsistencyProof(proof: ConsistencyProof): string {
  const { oldSize, hashes, checkpoint } = proof
  checkSize(oldSize)
  const lines = `${oldStart}${oldSize}\n${formatHashes(hashes)}`
  return joinProof('consistency proof', lines, checkpoint)
}

/**
 * Reads a consistency proof with its checkpoint, and verifies neither. Each has one text:
 * `formatConsistencyProof` gives the same again.
 * @throws MalformedError for anything that is not exactly of the form
 */
export function parseConsistencyProof(input: string | Uint8Array): ConsistencyProof {
  const { lines, checkpoint } = splitProof('consistency proof', input)
  const [first = '', ...rest] = lines
  if (!first.startsWith(oldStart)) {
    throw new MalformedError('first line of a consistency proof', 'old <decimal>', first)
  }
  return {
    oldSize: parseDecimal('old size', first.slice(oldStart.length)),
    hashes: parseHashes(rest),
    checkpoint,
  }
}

/**
 * Reads and verifies a consistency proof with its checkpoint: that a log whose key is known has signed
 * it, and that this log begins with the one that the reader knows.
 *
 * @param known what the reader has kept: the size and the root of an earlier checkpoint
 * @throws MalformedError for anything that is not exactly of the form
 * @throws UnverifiedError as `openCheckpoint`, or if the log is not shown to begin with the known one
 *   (`wrong_proof`)
 */
export function openConsistencyProof(
  input: string | Uint8Array,
  known: { readonly size: number; readonly root: Uint8Array },
  keys: readonly VerifierKey[],
): ConsistencyProof & { readonly opened: OpenedCheckpoint } {
  const proof = parseConsistencyProof(input)
  const opened = openCheckpoint(proof.checkpoint, keys)
  const { size, root } = opened.checkpoint
  const begins =
    proof.oldSize === known.size &&
    verifyConsistency(known.size, known.root, size, root, proof.hashes)
  if (!begins) {
    throw new UnverifiedError(
      'wrong_proof',
      `the log of size ${size} is not shown to begin with the one of size ${known.size}`,
    )
  }
  return { ...proof, opened }
}
