import type { OldLog } from '@custody/domain'
import { createAppender } from '../appender.ts'
import { createEraser } from '../erasure/eraser.ts'
import type { ErasureFile } from '../erasure/erasure-list.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { openTransparency } from '../transparency/open-transparency.ts'
import type { SigningStore } from '../transparency/signing-store.ts'

export type RestoredLog = {
  /** Verifier key (C2SP vkey) of the epoch that begins. */
  readonly verifierKey: string
  /** Events that the restore itself appended. */
  readonly appended: number
}

/**
 * Makes a deployment of what was restored: the log begins a new epoch, with a new key and an event that says what is known
 * of the log as it was, and what the list of erasures has and the log has not is erased again, for good. Nothing is served
 * before, and no master key is needed.
 *
 * @param old the log as it was: the furthest that is known of it
 * @throws CustodyError `erasure_unfinished`
 */
export async function beginRestored(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs' | 'ids' | 'logger'> & {
    readonly store: SigningStore
    readonly erasureFile: ErasureFile
    /** Milliseconds that never jump. */
    readonly monotonic: () => number
  },
  old: OldLog,
): Promise<RestoredLog> {
  const { log, ids, erasureFile } = environment
  const before = (await log.reader.head()).position
  const transparency = await openTransparency({
    ...environment,
    acceptRollback: false,
    newEpoch: { reason: 'restore', old },
  })
  const eraser = createEraser(environment, createAppender(log, ids), erasureFile)
  await eraser.start()
  await eraser.settle()
  const { position } = await log.reader.head()
  return { verifierKey: transparency.verifierKey, appended: position - before }
}
