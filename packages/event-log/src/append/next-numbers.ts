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
    /** A wrong `after` is found by the table's uniqueness, and fails the batch. */
    async nextVersion(stream: string, after: number | 'latest'): Promise<number> {
      if (after !== 'latest') {
        versions.set(stream, after + 1)
        return after + 1
      }
      const version =
        (versions.get(stream) ?? (await sql.get(lastVersion, { stream }))?.version ?? 0) +
        1
      versions.set(stream, version)
      return version
    },
  }
}
