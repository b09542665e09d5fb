import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { LogTables } from './log-tables.ts'

const lastSeq = statement<LogTables, { project: string }>()((db, p) =>
  db
    .selectFrom('events')
    .select('seq')
    .where('project', '=', p('project'))
    .orderBy('seq', 'desc')
    .limit(1),
)

const lastVersion = statement<LogTables, { stream: string }>()((db, p) =>
  db
    .selectFrom('events')
    .select('version')
    .where('stream', '=', p('stream'))
    .orderBy('version', 'desc')
    .limit(1),
)

/** Counts on, in one batch, from what the tables hold: gapless in each project and in each stream. */
export function countFrom(sql: Sql) {
  const seqs = new Map<string, number>()
  const versions = new Map<string, number>()
  return {
    async nextSeq(project: string): Promise<number> {
      const seq =
        (seqs.get(project) ?? (await sql.get(lastSeq, { project }))?.seq ?? 0) + 1
      seqs.set(project, seq)
      return seq
    },
    /** @throws TypeError when the stream is not at version `after`; for 0, the table's uniqueness finds it. */
    async nextVersion(stream: string, after: number | 'latest'): Promise<number> {
      let last = versions.get(stream)
      // A read for every new stream would cost each upload one.
      if (last === undefined && after === 0) last = 0
      last ??= (await sql.get(lastVersion, { stream }))?.version ?? 0
      if (after !== 'latest' && after !== last) {
        throw new TypeError(
          `An event is to follow version ${after} of stream ${stream}, which is at ${last}`,
        )
      }
      versions.set(stream, last + 1)
      return last + 1
    },
  }
}
