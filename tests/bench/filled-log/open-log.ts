import { type EventLog, openSqliteEventLog } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { createIds, genesis, logModuleUrl } from '@custody/service'

export const ids = createIds(Date.now)

/** Opens the log as the server does. No server may run on it. */
export async function openLog(database: string): Promise<EventLog> {
  return await openSqliteEventLog({
    path: database,
    driver: 'node',
    module: logModuleUrl,
    projections,
    genesis: genesis('custody bench', ids),
    onDefect(defect) {
      throw new Error(`${defect.message}\n${defect.stack}`)
    },
    onLost(error) {
      throw error
    },
  })
}

/** What an append of ours says of who asked. */
export function asking(actor: string) {
  return {
    project: 'default',
    actor,
    request: ids.prefixed('req_'),
    eventId: ids.uuid(),
  }
}
