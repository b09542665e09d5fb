import type { OldLog } from '@custody/domain'
import { createTileReader, type LogReader } from '@custody/event-log'
import { formatOrigin, frontierRoot, readFrontier } from '@custody/transparency'
import { readLogIdentity } from '../transparency/log-identity.ts'

/** What a log is: which one, in which epoch, and how far. */
export type LogState = OldLog & {
  readonly logId: string
  /** From 1; 0: it has no key yet. */
  readonly epoch: number
}

/** Of a log that nobody appends to, such as a snapshot. @throws CustodyError `log_damaged` */
export async function readLogState(reader: LogReader): Promise<LogState> {
  const { logId, epoch } = await readLogIdentity(reader)
  const { position: size, frontier } = await reader.head()
  return {
    logId,
    epoch,
    origin: formatOrigin({ logId, epoch }),
    size,
    root: frontierRoot(frontier).toString('base64'),
  }
}

/** Base64 of the root that a log had at a size, by its tiles; undefined where it is shorter, or lacks tiles. */
export async function rootAtSize(
  reader: LogReader,
  size: number,
): Promise<string | undefined> {
  if (size > (await reader.head()).position) return undefined
  try {
    const tiles = createTileReader(() => reader.sql)
    return frontierRoot(await readFrontier(size, tiles)).toString('base64')
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
