import type { FileState } from '@custody/domain'
import {
  type LogTables,
  type MaybePromise,
  type Sql,
  statement,
} from '@custody/event-log'
import { toFileState } from './file-row.ts'
import type { FileRow, FilesTables } from './files-tables.ts'

// The log's own index of streams tells where a file was uploaded, so `files` needs none by id.
const find = statement<FilesTables & LogTables, { id: string }>()((db, p) =>
  db
    .selectFrom('events')
    .innerJoin('files', 'files.position', 'events.position')
    .selectAll('files')
    .where('events.stream', '=', p('id'))
    .where('events.version', '=', 1),
)

/** The file, ended or not, or null. */
export function findFile(sql: Sql, id: string): MaybePromise<FileState | null> {
  const row = sql.get(find, { id })
  return row instanceof Promise ? row.then(toState) : toState(row)
}

const toState = (row: FileRow | undefined) => (row ? toFileState(row) : null)

const findOf = statement<FilesTables & LogTables, { id: string; project: string }>()(
  (db, p) =>
    db
      .selectFrom('events')
      .innerJoin('files', 'files.position', 'events.position')
      .selectAll('files')
      .where('events.stream', '=', p('id'))
      .where('events.version', '=', 1)
      .where('events.project', '=', p('project')),
)

/** The project's file, ended or not, or null: another project's costs what one costs that never was. */
export function findFileOf(
  sql: Sql,
  project: string,
  id: string,
): MaybePromise<FileState | null> {
  const row = sql.get(findOf, { id, project })
  return row instanceof Promise ? row.then(toState) : toState(row)
}
