import { dueFiles } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Files that one look at the deadlines takes. */
const AT_ONCE = 256

/** Appends `FileExpired` for every file whose expiry has passed. Resolves to their number. */
export async function expireDueFiles(
  {
    log,
    clock,
    ids,
    logger,
  }: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids' | 'logger'>,
  appender: Appender,
  signal: AbortSignal,
): Promise<number> {
  let expired = 0
  while (!signal.aborted) {
    const due = await dueFiles(log.reader.sql, Math.floor(clock() / 1000), AT_ONCE)
    const requestId = ids.prefixed('req_')
    // One that cannot be ended must not keep the others.
    const results = await Promise.allSettled(
      due.map(({ file, project }) =>
        appender.append(
          { type: 'ExpireFile', file },
          { project, actor: 'system:expiry', requestId },
        ),
      ),
    )
    let ended = 0
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') ended += result.value.events.length > 0 ? 1 : 0
      else
        logger.error(
          { file: due[index]?.file, err: result.reason },
          'a file could not be ended',
        )
    }
    expired += ended
    // What is due but was not ended is not due by the log's clock; the next tick asks again.
    if (due.length < AT_ONCE || ended === 0) break
  }
  return expired
}
