import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

type Row = {
  position: number
  frontier: Uint8Array
  time: string
  writer_epoch: number
  projections: string
}

const PAGE = 1000

/** Each row of `log_batches` gets a hash over itself and the one before. Frozen: a change is a further migration. */
export const chainBatches: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table log_batches_chained (
      position integer primary key,
      frontier blob not null,
      time text not null,
      writer_epoch integer not null,
      projections text not null,
      chain blob not null
    ) strict`.execute(db)
    let chain: Uint8Array = new Uint8Array()
    for (let after = 0; ; ) {
      const { rows } =
        await sql<Row>`select position, frontier, time, writer_epoch, projections
        from log_batches where position > ${after} order by position limit ${PAGE}`.execute(
          db,
        )
      for (const row of rows) {
        const { position, frontier, time, writer_epoch, projections } = row
        const base64 = Buffer.from(frontier).toString('base64')
        chain = createHash('sha256')
          .update(chain)
          .update(JSON.stringify([position, base64, time, writer_epoch, projections]))
          .digest()
        await sql`insert into log_batches_chained
          values (${position}, ${frontier}, ${time}, ${writer_epoch}, ${projections}, ${chain})`.execute(
          db,
        )
        after = position
      }
      if (rows.length < PAGE) break
    }
    const statements = [
      sql`drop table log_batches`,
      sql`alter table log_batches_chained rename to log_batches`,
      sql`create trigger log_batches_no_update before update on log_batches begin
        select raise(abort, 'batches are never changed');
      end`,
      sql`create trigger log_batches_no_delete before delete on log_batches begin
        select raise(abort, 'batches are never removed');
      end`,
    ]
    for (const statement of statements) await statement.execute(db)
  },
}
