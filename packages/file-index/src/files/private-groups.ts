import type { Erasure } from '@custody/domain'
import { type LogTables, type Sql, statement } from '@custody/event-log'

const groupsOf = statement<LogTables, { stream: string }>()((db, p) =>
  db
    .selectFrom('events')
    .innerJoin('event_private', 'event_private.position', 'events.position')
    .select(['events.position', 'event_private.grp as group'])
    .where('events.stream', '=', p('stream'))
    .orderBy('events.version'),
)

const firstRecord = statement<LogTables, { stream: string }>()((db, p) =>
  db
    .selectFrom('events')
    .select('record')
    .where('stream', '=', p('stream'))
    .where('version', '=', 1),
)

/** The private groups of a stream's events that are there. */
export async function findPrivateGroups(sql: Sql, stream: string): Promise<Erasure[]> {
  return await sql.all(groupsOf, { stream })
}

/** The upload in parts that a file was completed from; undefined: it came whole. */
export async function findSource(sql: Sql, file: string): Promise<string | undefined> {
  const row = await sql.get(firstRecord, { stream: file })
  const source: unknown = row && JSON.parse(row.record).data.source
  return typeof source === 'string' && source !== 'form' ? source : undefined
}
