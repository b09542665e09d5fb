import { CustodyError, type FileState } from '@custody/domain'
import { fileAsOf, findFileOf, listFilesAsOf } from '@custody/file-index'
import { toHoldsView } from '../files/file-holds.ts'
import { toFileView } from '../files/file-view.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { History } from './history.ts'
import { type AsOf, momentOf } from './moments.ts'

/** Files as they were. */
export function createPastFiles({
  log,
  clock,
}: Pick<ServiceEnvironment, 'log' | 'clock'>): Pick<History, 'file' | 'files' | 'holds'> {
  // The clock's millisecond is not over: a time within it is not to come.
  const now = () => clock() * 1000 + 999

  async function find(
    project: string,
    id: string,
    { asOf, idAsSent }: { readonly asOf: AsOf; readonly idAsSent: string },
  ): Promise<{ readonly state: FileState; readonly position: string }> {
    const { sql } = log.reader
    const moment = await momentOf(sql, project, asOf, now())
    const found = await findFileOf(sql, project, id)
    const state = found && (await fileAsOf(sql, found, moment))
    if (state) return { state, position: String(moment.seq) }
    throw new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
      param: 'id',
    })
  }

  return {
    async file({ project }, id, asked) {
      const { state, position } = await find(project.id, id, asked)
      return { ...toFileView(state), position }
    },

    async holds({ project }, id, asked) {
      const { state, position } = await find(project.id, id, asked)
      return { ...toHoldsView(state), position }
    },

    async files({ project }, query, { asOf, signal }) {
      const { sql } = log.reader
      const moment = await momentOf(sql, project.id, asOf, now())
      const { after, afterAsSent = after, limit } = query
      const cursor = after === undefined ? null : await findFileOf(sql, project.id, after)
      if (after !== undefined && (cursor === null || cursor.seq > moment.seq)) {
        throw new CustodyError(
          'cursor_not_found',
          `No such File object: ${afterAsSent}`,
          {
            param: 'after',
          },
        )
      }
      const { purpose, classification, complianceRegime } = query
      const states = await listFilesAsOf(sql, {
        project: project.id,
        order: query.order,
        limit: limit + 1,
        moment,
        signal,
        ...(cursor && { after: cursor.seq }),
        ...(purpose !== undefined && { purpose }),
        ...(classification !== undefined && { classification }),
        ...(complianceRegime !== undefined && { complianceRegime }),
      })
      return {
        files: states.slice(0, limit).map(toFileView),
        hasMore: states.length > limit,
        position: String(moment.seq),
      }
    },
  }
}
