import { type SweepResult, sweep } from '@custody/blob-store'
import { extentReferences } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'

export type OrphanSweepOptions = {
  /** Find, and remove nothing. Default false. */
  readonly dryRun?: boolean
  /** Remove more than the larger of 1 % and 20 objects. Default false. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/** Looks for objects without an event, and for events without their object. */
export async function sweepOrphans(
  { log, blobs, clock }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'clock'>,
  options: OrphanSweepOptions = {},
): Promise<SweepResult> {
  return await sweep({
    ...options,
    store: blobs,
    now: clock(),
    ...extentReferences(log.reader),
  })
}
