import { dueFiles } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Files that one look at the deadlines takes. */
const AT_ONCE = 256

/** Appends `FileExpired` for every file whose expiry has passed. Resolves to their number. */
export async function expireDueFiles(
  { log, clock, ids }: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids'>,
  appender: Appender,
  signal: AbortSignal,
): Promise<number> {
  let expired = 0
  while (!signal.aborted) {
    const due = await dueFiles(log.reader.sql, Math.floor(clock() / 1000), AT_ONCE)
    const requestId = ids.prefixed('req_')
    const results = await Promise.all(
      due.map(({ file, project }) =>
        appender.append(
          { type: 'ExpireFile', file },
          { project, actor: 'system:expiry', requestId },
        ),
      ),
    )
    const ended = results.filter(({ events }) => events.length > 0).length
    expired += ended
    // What is due but was not ended is not due by the log's clock; the next tick asks again.
    if (due.length < AT_ONCE || ended === 0) break
  }
  return expired
}
