import {
  insertion,
  type LogModule,
  type MaybePromise,
  type Sql,
  statement,
} from '@custody/event-log'
import { sql as raw } from 'kysely'
import { removeWrappedKeys } from '../wrapped-keys/wrapped-keys.ts'

/**
 * Where the bytes of an extent lie. Beside the log, and mutable: a move to another store, a rotation or
 * another inline bound changes rows here and no hash.
 */
export type ExtentsTables = { extents: ExtentRow }

/** Where the bytes of an extent lie, and in what form. Outside of the log. */
export type ExtentRow = {
  id: string
  /** `inline`: in `content` · `absent`: nowhere, since the log was imported without it · otherwise the name of a blob store. */
  place: string
  /** How the stored bytes are coded: `plain`, or one of the sealed formats, which have a row in `wrapped_keys`. */
  format: string
  /** Bytes that it takes where it lies. As it is read here, -1 where what is written there is the length of nothing. */
  stored_bytes: number
  content: Uint8Array | null
}

/** The table `extents`. */
export const extentsMigrations: LogModule['migrations'] = {
  '0002-extents': {
    async up(db) {
      await raw`create table extents (
        id text primary key,
        place text not null,
        format text not null,
        stored_bytes integer not null,
        content blob
      ) strict, without rowid`.execute(db)
    },
  },
}

const insertExtents = insertion<ExtentRow>('extents', [
  'id',
  'place',
  'format',
  'stored_bytes',
  'content',
])

const deleteExtent = statement<ExtentsTables, { id: string }>()((db, p) =>
  db.deleteFrom('extents').where('id', '=', p('id')),
)

const deleteInline = statement<ExtentsTables, { id: string }>()((db, p) =>
  db.deleteFrom('extents').where('id', '=', p('id')).where('place', '=', 'inline'),
)

// An integer that no number holds is an error of the driver, and what damage made of a length is damage of one extent.
const storedBytes = raw<number>`iif(stored_bytes between 0 and ${raw.lit(Number.MAX_SAFE_INTEGER)}, stored_bytes, -1)`

const find = statement<ExtentsTables, { id: string }>()((db, p) =>
  db
    .selectFrom('extents')
    .select(['id', 'place', 'format', storedBytes.as('stored_bytes'), 'content'])
    .where('id', '=', p('id')),
)

const placesAfter = statement<
  ExtentsTables,
  { after: string; place: string; limit: number }
>()((db, p) =>
  db
    .selectFrom('extents')
    .select(['id', storedBytes.as('stored_bytes')])
    .where('id', '>', p('after'))
    .where('place', '=', p('place'))
    .orderBy('id')
    .limit(p('limit')),
)

const idsAfter = statement<ExtentsTables, { after: string; limit: number }>()((db, p) =>
  db
    .selectFrom('extents')
    .select('id')
    .where('id', '>', p('after'))
    .orderBy('id')
    .limit(p('limit')),
)

/** Says where new bytes lie. */
export async function putExtents(sql: Sql, rows: readonly ExtentRow[]): Promise<void> {
  await sql.insert(insertExtents, rows)
}

/** With their keys: what was sealed under them cannot be opened any more, wherever it lies. */
export async function removeExtents(sql: Sql, ids: readonly string[]): Promise<void> {
  await removeWrappedKeys(sql, ids)
  for (const id of ids) await sql.run(deleteExtent, { id })
}

/** Those that lie inline, with their bytes. */
export async function removeInlineExtents(
  sql: Sql,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) await sql.run(deleteInline, { id })
}

/** Undefined: it was destroyed, or never was. */
export function findExtent(sql: Sql, id: string): MaybePromise<ExtentRow | undefined> {
  return sql.get(find, { id })
}

/** Extents in one place, in the order of their ids, after one of them (`''`: from the start). */
export async function listExtents(
  sql: Sql,
  query: { readonly place: string; readonly after: string; readonly limit: number },
): Promise<{ readonly id: string; readonly stored_bytes: number }[]> {
  return await sql.all(placesAfter, query)
}

/** Ids of the extents in any place, in their order, after one of them (`''`: from the start). */
export async function listAllExtents(
  sql: Sql,
  query: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  return (await sql.all(idsAfter, query)).map(({ id }) => id)
}
