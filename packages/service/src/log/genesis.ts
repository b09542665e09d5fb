import { SYSTEM_PROJECT } from '@custody/domain'
import type { Ids } from '../ids.ts'

/** The first command of a log. */
export function genesis(software: string, ids: Ids) {
  return {
    command: { type: 'CreateLog' as const, logId: ids.uuid(), software },
    project: SYSTEM_PROJECT,
    actor: 'system',
    request: ids.prefixed('req_'),
    eventId: ids.uuid(),
  }
}
