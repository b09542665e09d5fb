import { type OpenedCheckpoint, openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { verifyInclusion } from '../merkle/inclusion-proof.ts'
import { checkSize } from '../merkle/sizes.ts'
import type { VerifierKey } from '../note/note-key.ts'
import { UnverifiedError } from '../note/unverified-error.ts'
import { decodeBase64, encodeBase64 } from '../text/base64.ts'
import { parseDecimal } from '../text/decimal.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { formatHashes, parseHashes } from './proof-hashes.ts'
import { joinProof, splitProof } from './split-proof.ts'

/** The proof that an entry is in a log, complete: to be verified without the log. */
export type TlogProof = {
  /** Of the entry in the log, from 0. */
  readonly index: number
  /** The inclusion proof, from the leaf's sibling up. */
  readonly hashes: readonly Buffer[]
  /** Anything that an application adds, not empty. Nothing vouches for it. */
  readonly extra?: Buffer
  /** The signed checkpoint, as the log wrote it. */
  readonly checkpoint: string
}

const header = 'c2sp.org/tlog-proof@v1'
const extraStart = 'extra '
const indexStart = 'index '

/**
 * Writes a proof, as a file that ends in `.tlog-proof`.
 * @throws MalformedError if the checkpoint is not of the form, the extra data is empty, or there are
 *   more hashes than 63
 * @throws RangeError if the index is not an integer from 0 to 2^53 − 1, or a hash not 32 bytes long
 * @see https://c2sp.org/tlog-proof#format
 */
export function formatTlogProof({ index, hashes, extra, checkpoint }: TlogProof): string {
  checkSize(index)
  if (extra?.length === 0) {
    throw new MalformedError('extra data of a proof', 'at least one byte, or none at all')
  }
  const extraLine = extra ? `${extraStart}${encodeBase64(extra)}\n` : ''
  const lines = `${header}\n${extraLine}${indexStart}${index}\n${formatHashes(hashes)}`
  return joinProof('proof', lines, checkpoint)
}

/**
 * Reads a proof without verifying it. Each proof has one text: `formatTlogProof` gives the same again.
 * @throws MalformedError for anything that is not exactly of the form
 */
export function parseTlogProof(input: string | Uint8Array): TlogProof {
  const { lines, checkpoint } = splitProof('proof', input)
  const [first, ...rest] = lines
  if (first !== header) throw new MalformedError('first line of a proof', header, first)
  const extraLine = rest[0]?.startsWith(extraStart) ? rest.shift() : undefined
  const indexLine = rest.shift() ?? ''
  if (!indexLine.startsWith(indexStart)) {
    throw new MalformedError('index line of a proof', 'index <decimal>', indexLine)
  }
  return {
    index: parseDecimal('index of a proof', indexLine.slice(indexStart.length)),
    hashes: parseHashes(rest),
    ...(extraLine !== undefined && {
      extra: decodeBase64('extra data of a proof', extraLine.slice(extraStart.length)),
    }),
    checkpoint,
  }
}

/**
 * Reads and verifies a proof: that a log whose key is known has signed a checkpoint, and that the
 * leaf is at the proof's index of the log that the checkpoint speaks of. The extra data and the
 * signatures by unknown keys are the sender's own; where they may not differ, compare the text with
 * the one that `formatTlogProof` and `formatNote` make of what was verified.
 *
 * @throws MalformedError for anything that is not exactly of the form
 * @throws UnverifiedError as `openCheckpoint`, or if the leaf is not there (`wrong_proof`)
 * @see https://c2sp.org/tlog-proof#verifying-a-tlog-proof
 */
export function openTlogProof(
  input: string | Uint8Array,
  leafHash: Uint8Array,
  keys: readonly VerifierKey[],
): TlogProof & { readonly opened: OpenedCheckpoint } {
  const proof = parseTlogProof(input)
  const opened = openCheckpoint(proof.checkpoint, keys)
  const { size, root } = opened.checkpoint
  if (!verifyInclusion(leafHash, proof.index, size, proof.hashes, root)) {
    throw new UnverifiedError(
      'wrong_proof',
      `the entry is not shown to be at index ${proof.index} of the log of size ${size}`,
    )
  }
  return { ...proof, opened }
}
