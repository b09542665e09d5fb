import { CustodyError } from '@custody/domain'
import { findFileOf } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { History } from './history.ts'
import { listEvents } from './list-events.ts'

/** The history of one deployment's projects. */
export function createHistory({ log }: Pick<ServiceEnvironment, 'log'>): History {
  return {
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
