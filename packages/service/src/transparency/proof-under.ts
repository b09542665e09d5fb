import { CustodyError } from '@custody/domain'
import {
  formatTlogProof,
  inclusionProof,
  parseCheckpoint,
  parseNote,
  type ReadTile,
} from '@custody/transparency'

/**
 * Proves to whoever has a checkpoint that an event was in the log by then. The checkpoint is not verified.
 *
 * @param note a signed checkpoint of this log
 * @throws CustodyError `event_not_found` where the event came later
 */
export async function proofUnder(
  note: string,
  position: number,
  readTile: ReadTile,
): Promise<string> {
  const { size } = parseCheckpoint(parseNote(note).text)
  if (position > size) {
    throw new CustodyError(
      'event_not_found',
      `Event ${position} is not among the ${size} of the checkpoint: it came later.`,
    )
  }
  const index = position - 1
  const hashes = await inclusionProof(index, size, readTile)
  return formatTlogProof({ index, hashes, checkpoint: note })
}
