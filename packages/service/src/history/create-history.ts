import { CustodyError } from '@custody/domain'
import { findFileOf } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { History } from './history.ts'
import { createKeyWatch } from './key-watch.ts'
import { listEvents } from './list-events.ts'
import { createLiveEvents } from './live-events.ts'
import { createPastFiles } from './past-files.ts'

/** The history of one deployment's projects. `monotonic`: milliseconds that never jump. */
export function createHistory(
  environment: Pick<ServiceEnvironment, 'log' | 'logger' | 'clock'>,
  appender: Pick<Appender, 'onAppended' | 'onUnknown'>,
  monotonic: () => number,
): History {
  const { log } = environment
  const keys = createKeyWatch(environment, appender)
  return {
    ...createPastFiles(environment),
    follow: createLiveEvents(environment, appender, keys, monotonic),

    events: ({ project }, query, { signal }) =>
      listEvents(log.reader.sql, project.id, query, signal),

    async fileEvents({ project }, query, { signal, idAsSent }) {
      if (!(await findFileOf(log.reader.sql, project.id, query.file))) {
        throw new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
          param: 'id',
        })
      }
      return await listEvents(log.reader.sql, project.id, query, signal)
    },
  }
}
