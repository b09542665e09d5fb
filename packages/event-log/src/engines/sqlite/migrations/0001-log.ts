import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The log's tables. Frozen: a change is a further migration. */
export const createLog: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      sql`create table events (
        position integer primary key,
        project text not null,
        seq integer not null,
        stream text not null,
        version integer not null,
        event_id text not null,
        type text not null,
        schema integer not null,
        time text not null,
        actor text not null,
        request text not null,
        record text not null,
        leaf_hash blob not null,
        unique (project, seq),
        unique (stream, version),
        unique (event_id)
      ) strict`,
      sql`create index events_by_type on events (type, position)`,
      sql`create table event_private (
        position integer not null references events (position),
        grp text not null,
        salt blob not null,
        body text not null,
        primary key (position, grp)
      ) strict, without rowid`,
      sql`create table log_lock (id integer primary key check (id = 1)) strict`,
      sql`insert into log_lock (id) values (1)`,
      sql`create table log_batches (
        position integer primary key,
        frontier blob not null,
        time text not null,
        writer_epoch integer not null,
        projections text not null
      ) strict`,
      sql`create table tiles (
        level integer not null,
        idx integer not null,
        hashes blob not null,
        primary key (level, idx)
      ) strict, without rowid`,
      sql`create table idempotency (
        key text primary key,
        fingerprint text not null,
        result text not null,
        expires_at text not null
      ) strict, without rowid`,
      sql`create index idempotency_by_expiry on idempotency (expires_at)`,
      sql`create table consumers (
        name text primary key,
        position integer not null,
        status text not null check (status in ('running', 'stopped')),
        attempts integer not null,
        next_attempt_at text not null,
        error text not null
      ) strict, without rowid`,
      sql`create trigger events_no_update before update on events begin
        select raise(abort, 'events are never changed');
      end`,
      sql`create trigger events_no_delete before delete on events begin
        select raise(abort, 'events are never removed');
      end`,
      sql`create trigger events_no_gap before insert on events
        when new.position is not (select coalesce(max(position), 0) + 1 from events) begin
        select raise(abort, 'an event takes the next position');
      end`,
      sql`create trigger event_private_no_update before update on event_private begin
        select raise(abort, 'private data is never changed, only erased');
      end`,
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
