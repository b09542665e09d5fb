import type { Extent } from '@custody/domain'
import { type Sql, statement } from '@custody/event-log'
import type { FilesTables } from './files-tables.ts'

/** A file that has not ended, and where its bytes are. */
export type StoredFile = {
  readonly id: string
  readonly project: string
  /** Of its `FileUploaded`: the order of a walk. */
  readonly position: number
  readonly bytes: number
  readonly extents: readonly Extent[]
  /** Ids of damaged extents. */
  readonly damaged: readonly string[]
}

const columns = ['id', 'project', 'position', 'bytes', 'extents', 'damaged'] as const

const pageAfter = statement<FilesTables, { after: number; limit: number }>()((db, p) =>
  db
    .selectFrom('files')
    .select(columns)
    .where('position', '>', p('after'))
    .where('ended_position', 'is', null)
    .orderBy('position')
    .limit(p('limit')),
)

const damagedAfter = statement<FilesTables, { after: number; limit: number }>()((db, p) =>
  db
    .selectFrom('files')
    .select(columns)
    .where('position', '>', p('after'))
    .where('damaged', 'is not', null)
    .where('ended_position', 'is', null)
    .orderBy('position')
    .limit(p('limit')),
)

const total = statement<FilesTables, Record<never, never>>()((db) =>
  db
    .selectFrom('usage')
    .select(({ fn }) => [
      fn.sum<number | null>('files').as('files'),
      fn.sum<number | null>('bytes').as('bytes'),
    ]),
)

type Page = {
  /** Position of the last file seen; 0: from the start. */
  readonly after: number
  readonly limit: number
  /** Only those with damage. Default: all. */
  readonly onlyDamaged?: boolean
}

/** Files of all projects that have not ended, in the order of the log. */
export async function listStoredFiles(
  sql: Sql,
  { onlyDamaged = false, ...page }: Page,
): Promise<StoredFile[]> {
  const rows = await sql.all(onlyDamaged ? damagedAfter : pageAfter, page)
  return rows.map(({ extents, damaged, ...row }) => ({
    ...row,
    extents: JSON.parse(extents),
    damaged: damaged === null ? [] : JSON.parse(damaged),
  }))
}

/** How many files of all projects have not ended, and their bytes. */
export async function countStoredFiles(
  sql: Sql,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const found = await sql.get(total, {})
  return { files: Number(found?.files ?? 0), bytes: Number(found?.bytes ?? 0) }
}
