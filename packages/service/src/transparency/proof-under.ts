import { CustodyError } from '@custody/domain'
import { formatTlogProof, inclusionProof, type ReadTile } from '@custody/transparency'

/**
 * Proves to whoever has a checkpoint that an event was in the log by then.
 *
 * @param checkpoint of this log; its signature is not verified
 * @throws CustodyError `event_not_found` where the event came later
 */
export async function proofUnder(
  { size, note }: { readonly size: number; readonly note: string },
  position: number,
  readTile: ReadTile,
): Promise<string> {
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
