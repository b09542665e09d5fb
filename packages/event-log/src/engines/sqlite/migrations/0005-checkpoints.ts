import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What the log has signed of itself. Frozen: a change is a further migration. */
export const createCheckpoints: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      sql`create table checkpoints (
        epoch integer not null,
        size integer not null,
        root blob not null,
        note text not null,
        primary key (epoch, size)
      ) strict, without rowid`,
      sql`create trigger checkpoints_no_update before update on checkpoints begin
        select raise(abort, 'checkpoints are never changed');
      end`,
      sql`create trigger checkpoints_no_delete before delete on checkpoints begin
        select raise(abort, 'checkpoints are never removed');
      end`,
      sql`create trigger checkpoints_grow before insert on checkpoints
        when exists (select 1 from checkpoints where (epoch, size) >= (new.epoch, new.size)) begin
        select raise(abort, 'a checkpoint comes after all that there are');
      end`,
    ]
    for (const statement of statements) await statement.execute(db)
  },
}
