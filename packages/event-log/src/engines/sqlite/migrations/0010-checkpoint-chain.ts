import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

type Row = { epoch: number; size: number; root: Uint8Array; note: string }

const PAGE = 1000

/** Each row of `checkpoints` gets a hash over itself and the one before. Frozen: a change is a further migration. */
export const chainCheckpoints: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table checkpoints_chained (
      epoch integer not null,
      size integer not null,
      root blob not null,
      note text not null,
      chain blob not null,
      primary key (epoch, size)
    ) strict, without rowid`.execute(db)
    let chain: Uint8Array = new Uint8Array()
    for (let after = { epoch: Number.MIN_SAFE_INTEGER, size: 0 }; ; ) {
      const { rows } = await sql<Row>`select epoch, size, root, note from checkpoints
        where (epoch, size) > (${after.epoch}, ${after.size})
        order by epoch, size limit ${PAGE}`.execute(db)
      for (const row of rows) {
        const { epoch, size, root, note } = row
        const base64 = Buffer.from(root).toString('base64')
        chain = createHash('sha256')
          .update(chain)
          .update(JSON.stringify([epoch, size, base64, note]))
          .digest()
        await sql`insert into checkpoints_chained
          values (${epoch}, ${size}, ${root}, ${note}, ${chain})`.execute(db)
        after = row
      }
      if (rows.length < PAGE) break
    }
    const statements = [
      sql`drop table checkpoints`,
      sql`alter table checkpoints_chained rename to checkpoints`,
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
