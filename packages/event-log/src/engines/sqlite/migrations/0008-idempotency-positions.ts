import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Finds the answer that names an erased event. Frozen: a change is a further migration. */
export const placeIdempotencyRows: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      sql`alter table idempotency add column position integer not null default 0`,
      sql`update idempotency set position = coalesce(json_extract(result, '$[0].position'), 0)`,
      sql`create index idempotency_by_position on idempotency (position)`,
    ]
    for (const statement of statements) await statement.execute(db)
  },
}
