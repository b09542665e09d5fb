import { SYSTEM_PROJECT } from '@custody/domain'
import { findExtent, findGarbage } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Extents that one `ContentDestroyed` names: bounded by the size of a record. */
const AT_ONCE = 500

/**
 * Destroys the bytes of files that have ended: unlinks first, then says so in the log, so that after a
 * crash between the two the queue still holds what is to be said. Resolves to the number of extents.
 */
export async function collectGarbage(
  { log, blobs, ids }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'ids'>,
  appender: Appender,
  signal: AbortSignal,
): Promise<number> {
  let destroyed = 0
  while (!signal.aborted) {
    const { sql } = log.reader
    const extents = (await findGarbage(sql, AT_ONCE)).map((row) => row.extent)
    if (extents.length === 0) break
    const onDisk: string[] = []
    for (const extent of extents) {
      const row = await findExtent(sql, extent)
      if (row && row.place !== 'inline') onDisk.push(extent)
    }
    await blobs.delete(onDisk)
    await appender.append(
      { type: 'RecordDestroyed', extents },
      {
        project: SYSTEM_PROJECT,
        actor: 'system:garbage',
        requestId: ids.prefixed('req_'),
      },
    )
    destroyed += extents.length
  }
  return destroyed
}
