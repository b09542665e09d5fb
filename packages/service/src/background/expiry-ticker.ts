import { dueFiles, dueUploads } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { StoredCommand } from '../log/stored-command.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Files, or uploads, that one look at the deadlines takes. */
const AT_ONCE = 256

type Environment = Pick<ServiceEnvironment, 'log' | 'clock' | 'ids' | 'logger'>

type Due = { readonly project: string; readonly command: StoredCommand }

/** Appends `FileExpired` for every file whose expiry has passed. Resolves to their number. */
export function expireDueFiles(
  environment: Environment,
  appender: Appender,
  signal: AbortSignal,
): Promise<number> {
  const { reader } = environment.log
  return endDue(environment, appender, signal, async (now) =>
    (await dueFiles(reader.sql, now, AT_ONCE)).map(({ file, project }) => ({
      project,
      command: { type: 'ExpireFile', file },
    })),
  )
}

/** Appends `UploadExpired` for every pending upload whose time has passed. Resolves to their number. */
export function expireDueUploads(
  environment: Environment,
  appender: Appender,
  signal: AbortSignal,
): Promise<number> {
  const { reader } = environment.log
  return endDue(environment, appender, signal, async (now) =>
    (await dueUploads(reader.sql, now, AT_ONCE)).map(({ upload, project }) => ({
      project,
      command: { type: 'ExpireUpload', upload },
    })),
  )
}

async function endDue(
  { clock, ids, logger }: Environment,
  appender: Appender,
  signal: AbortSignal,
  find: (now: number) => Promise<Due[]>,
): Promise<number> {
  let expired = 0
  while (!signal.aborted) {
    const due = await find(Math.floor(clock() / 1000))
    const requestId = ids.prefixed('req_')
    // One that cannot be ended must not keep the others.
    const results = await Promise.allSettled(
      due.map(({ project, command }) =>
        appender.append(command, { project, actor: 'system:expiry', requestId }),
      ),
    )
    let ended = 0
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') ended += result.value.events.length > 0 ? 1 : 0
      else
        logger.error(
          { ...due[index]?.command, err: result.reason },
          'what is due could not be ended',
        )
    }
    expired += ended
    // What is due but was not ended is not due by the log's clock; the next tick asks again.
    if (due.length < AT_ONCE || ended === 0) break
  }
  return expired
}
