import { checkHash } from '../merkle/hash.ts'
import { checkSize } from '../merkle/sizes.ts'
import { decodeHash, encodeBase64 } from '../text/base64.ts'
import { parseDecimal } from '../text/decimal.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { checkText } from '../text/read-text.ts'

/** What a log says of itself: that it has so many leaves, and this root. */
export type Checkpoint = {
  /** Which log. Not empty, of one line; its key has this name. */
  readonly origin: string
  /** Leaves in the log. */
  readonly size: number
  /** The Merkle tree hash: 32 bytes. */
  readonly root: Buffer
  /** Further lines, none of them empty. Logs rather have none. */
  readonly extensions?: readonly string[]
}

/**
 * The text of the note that a checkpoint is.
 * @throws MalformedError if the origin or an extension is empty, or not of one line
 * @throws RangeError if the size is not an integer from 0 to 2^53 − 1, or the root not 32 bytes
 * @see https://c2sp.org/tlog-checkpoint#note-text
 */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions = [] } = checkpoint
  checkSize(size)
  checkHash(root)
  checkLine('origin', origin)
  for (const extension of extensions) checkLine('extension line', extension)
  return [origin, size, encodeBase64(root), ...extensions, ''].join('\n')
}

/**
 * Reads the text of a note as a checkpoint. Each checkpoint has one text: `formatCheckpoint` gives
 * the same again. Open the note first ({@link openCheckpoint}): the text alone proves nothing.
 * @throws MalformedError for anything that is not exactly of the form
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...extensions] = text.split('\n')
  if (extensions.pop() !== '') {
    throw new MalformedError(
      'checkpoint',
      'an origin, a size and a root, each on a line of its own',
      text,
    )
  }
  checkLine('origin', origin)
  for (const extension of extensions) checkLine('extension line', extension)
  return {
    origin,
    size: parseDecimal('tree size', size),
    root: decodeHash('root hash', root),
    ...(extensions.length > 0 && { extensions }),
  }
}

function checkLine(what: string, line: string): void {
  checkText(what, line)
  if (line === '' || line.includes('\n')) {
    throw new MalformedError(what, 'one line that is not empty', line)
  }
}
