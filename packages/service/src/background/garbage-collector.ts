import { SYSTEM_PROJECT } from '@custody/domain'
import { findExtent, findGarbage } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Extents that one `ContentDestroyed` names: bounded by the size of a record. */
const AT_ONCE = 500

type Environment = Pick<ServiceEnvironment, 'log' | 'blobs' | 'ids' | 'logger'>

/** Whoever has it may destroy; nobody else does, a backup least of all. */
export type GarbageTurn = { release(): void }

/**
 * Destroys the bytes of files that have ended: unlinks first, then says so in the log, so that after a
 * crash between the two the queue still holds what is to be said. What cannot be unlinked stays in the
 * queue for the next run. Resolves to the number of extents.
 *
 * @param takeTurn undefined: a backup copies what the queue has, so all of it stays for the next run
 */
export async function collectGarbage(
  environment: Environment,
  appender: Appender,
  signal: AbortSignal,
  takeTurn: () => GarbageTurn | undefined,
): Promise<number> {
  const { log } = environment
  let destroyed = 0
  for (let after = ''; !signal.aborted; ) {
    const queued = (await findGarbage(log.reader.sql, { after, limit: AT_ONCE })).map(
      (row) => row.extent,
    )
    after = queued.at(-1) ?? after
    if (queued.length === 0) break
    const turn = takeTurn()
    if (!turn) break
    try {
      destroyed += queued.length
      destroyed -= (await destroyExtents(environment, appender, queued)).length
    } finally {
      turn.release()
    }
  }
  return destroyed
}

/** Destroys the bytes of extents that wait for it. Resolves to those that could not be unlinked. */
export async function destroyExtents(
  environment: Environment,
  appender: Appender,
  queued: readonly string[],
): Promise<string[]> {
  const stuck: string[] = []
  for (let from = 0; from < queued.length; from += AT_ONCE) {
    const some = queued.slice(from, from + AT_ONCE)
    const extents = await unlink(environment, some)
    const gone = new Set(extents)
    stuck.push(...some.filter((extent) => !gone.has(extent)))
    if (extents.length === 0) continue
    await appender.append(
      { type: 'RecordDestroyed', extents },
      {
        project: SYSTEM_PROJECT,
        actor: 'system:garbage',
        requestId: environment.ids.prefixed('req_'),
      },
    )
  }
  return stuck
}

/** Resolves to those whose bytes are gone; inline ones go with the event. */
async function unlink(
  { log, blobs, logger }: Environment,
  extents: readonly string[],
): Promise<string[]> {
  const onDisk: string[] = []
  for (const extent of extents) {
    const row = await findExtent(log.reader.sql, extent)
    if (row && row.place !== 'inline') onDisk.push(extent)
  }
  try {
    await blobs.delete(onDisk)
    return [...extents]
  } catch {
    // One of them is at fault: the others go one by one.
    const stuck = new Set<string>()
    for (const extent of onDisk) {
      try {
        await blobs.delete([extent])
      } catch (error) {
        stuck.add(extent)
        logger.error(
          { extent, err: error },
          'content could not be destroyed; it stays queued',
        )
      }
    }
    return extents.filter((extent) => !stuck.has(extent))
  }
}
