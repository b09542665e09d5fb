import { statement } from '@custody/event-log'

/** Of the connection, in a file of SQLite's: what was read of contents. */
export const CONTENTS_TABLE = `create temp table contents (
  extent text primary key,
  bytes integer not null,
  sha256 text not null,
  promised integer not null default 0
) strict, without rowid`

type ContentsTable = {
  contents: { extent: string; bytes: number; sha256: string; promised?: number }
}

export const insertContent = statement<
  ContentsTable,
  { extent: string; bytes: number; sha256: string }
>()((db, p) =>
  db
    .insertInto('contents')
    .values({ extent: p('extent'), bytes: p('bytes'), sha256: p('sha256') })
    .onConflict((conflict) => conflict.doNothing()),
)

export const removeContent = statement<ContentsTable, { extent: string }>()((db, p) =>
  db.deleteFrom('contents').where('extent', '=', p('extent')),
)

export const findContent = statement<ContentsTable, { extent: string }>()((db, p) =>
  db.selectFrom('contents').selectAll().where('extent', '=', p('extent')),
)

export const markContent = statement<ContentsTable, { extent: string }>()((db, p) =>
  db.updateTable('contents').set({ promised: 1 }).where('extent', '=', p('extent')),
)

export const strayContents = statement<ContentsTable, { limit: number }>()((db, p) =>
  db
    .selectFrom('contents')
    .select('extent')
    .where('promised', '=', 0)
    .orderBy('extent')
    .limit(p('limit')),
)
