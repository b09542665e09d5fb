import { insertion, type LogModule, type Sql, statement } from '@custody/event-log'
import { sql as raw } from 'kysely'

/** When keys were last used. Beside the log: nobody would read an event for each request. */
type KeyUsesTables = { key_uses: KeyUseRow }

/** When a key was last used. */
export type KeyUseRow = {
  key: string
  /** Unix seconds. */
  last_used_at: number
}

/** The table of last uses. */
export const keyUsesMigrations: LogModule['migrations'] = {
  '0003-key-uses': {
    async up(db) {
      await raw`create table key_uses (
        key text primary key,
        last_used_at integer not null
      ) strict, without rowid`.execute(db)
    },
  },
}

const put = insertion<KeyUseRow>('key_uses', ['key', 'last_used_at'], {
  suffix: `on conflict (key) do update set last_used_at = excluded.last_used_at
    where excluded.last_used_at > existing.last_used_at`,
})

const find = statement<KeyUsesTables, { key: string }>()((db, p) =>
  db.selectFrom('key_uses').select('last_used_at').where('key', '=', p('key')),
)

/** A use that is earlier than the one known changes nothing. */
export async function putKeyUses(sql: Sql, rows: readonly KeyUseRow[]): Promise<void> {
  await sql.insert(put, rows)
}

/** Unix seconds, or null for a key that was never used. */
export async function findKeyUse(sql: Sql, key: string): Promise<number | null> {
  return (await sql.get(find, { key }))?.last_used_at ?? null
}
