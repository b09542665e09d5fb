import { type Sql, statement } from '@custody/event-log'

type Tables = { wrapped_keys: { extent: string; kek: string } }

const byMasterKey = statement<Tables>()((db) =>
  db
    .selectFrom('wrapped_keys')
    .select(({ fn }) => ['kek', fn.countAll<number>().as('extents')])
    .groupBy('kek')
    .orderBy('kek'),
)

/** How many extents are sealed under each master key. Reads all of their keys. */
export async function countWrappedKeys(
  sql: Sql,
): Promise<{ readonly kek: string; readonly extents: number }[]> {
  return await sql.all(byMasterKey, {})
}
