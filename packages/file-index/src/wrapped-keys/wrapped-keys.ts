import {
  insertion,
  type LogModule,
  type MaybePromise,
  type Sql,
  statement,
} from '@custody/event-log'
import { sql as raw } from 'kysely'

/**
 * What opens sealed extents. Beside the log, and apart from the extents, so that destroying a row here ends what any
 * copy of the bytes holds.
 */
type WrappedKeysTables = { wrapped_keys: WrappedKeyRow; master_keys: MasterKeyRow }

/** The data key of a sealed extent, encrypted under a master key. */
export type WrappedKeyRow = {
  extent: string
  /** Id of the master key that it is wrapped under. */
  kek: string
  /** Nonce, encrypted data key, tag. */
  wrapped: Uint8Array
}

/** A master key, of which the database knows no more than what tells it from others. */
export type MasterKeyRow = {
  id: string
  /** 64 hex digits. */
  fingerprint: string
  /**
   * `standby`: it is about to be the active one · `active`: new keys are wrapped under it · `retiring`: no new key is,
   * and former ones are being wrapped anew · `retired`: it opens nothing any more.
   */
  state: 'standby' | 'active' | 'retiring' | 'retired'
}

/** The tables `wrapped_keys` and `master_keys`. */
export const wrappedKeysMigrations: LogModule['migrations'] = {
  '0007-wrapped-keys': {
    async up(db) {
      await raw`create table wrapped_keys (
        extent text primary key,
        kek text not null,
        wrapped blob not null
      ) strict, without rowid`.execute(db)
      await raw`create table master_keys (
        id text primary key,
        fingerprint text not null,
        state text not null
      ) strict, without rowid`.execute(db)
    },
  },
}

const insertKeys = insertion<WrappedKeyRow>('wrapped_keys', ['extent', 'kek', 'wrapped'])

const deleteKey = statement<WrappedKeysTables, { extent: string }>()((db, p) =>
  db.deleteFrom('wrapped_keys').where('extent', '=', p('extent')),
)

const find = statement<WrappedKeysTables, { extent: string }>()((db, p) =>
  db.selectFrom('wrapped_keys').selectAll().where('extent', '=', p('extent')),
)

const pageOfKeys = statement<WrappedKeysTables, { after: string; limit: number }>()(
  (db, p) =>
    db
      .selectFrom('wrapped_keys')
      .selectAll()
      .where('extent', '>', p('after'))
      .orderBy('extent')
      .limit(p('limit')),
)

// Never an upsert: a key that was destroyed meanwhile must not come back.
const rewrap = statement<
  WrappedKeysTables,
  { extent: string; from: string; to: string; wrapped: Uint8Array }
>()((db, p) =>
  db
    .updateTable('wrapped_keys')
    .set({ kek: p('to'), wrapped: p('wrapped') })
    .where('extent', '=', p('extent'))
    .where('kek', '=', p('from')),
)

const masterKeys = statement<WrappedKeysTables, Record<never, never>>()((db) =>
  db.selectFrom('master_keys').selectAll().orderBy('id'),
)

const putMaster = insertion<MasterKeyRow>('master_keys', ['id', 'fingerprint', 'state'], {
  suffix: 'on conflict (id) do update set state = excluded.state',
})

/** Keeps keys of new extents. */
export async function putWrappedKeys(
  sql: Sql,
  rows: readonly WrappedKeyRow[],
): Promise<void> {
  await sql.insert(insertKeys, rows)
}

/** What was sealed under these keys cannot be opened any more, wherever it lies. */
export async function removeWrappedKeys(
  sql: Sql,
  extents: readonly string[],
): Promise<void> {
  for (const extent of extents) await sql.run(deleteKey, { extent })
}

/** Undefined: the extent is not sealed, or its key was destroyed. */
export function findWrappedKey(
  sql: Sql,
  extent: string,
): MaybePromise<WrappedKeyRow | undefined> {
  return sql.get(find, { extent })
}

/** Keys in the order of their extents, whatever they are wrapped under. */
export async function listWrappedKeys(
  sql: Sql,
  page: { readonly after: string; readonly limit: number },
): Promise<WrappedKeyRow[]> {
  return await sql.all(pageOfKeys, page)
}

/** Puts keys under another master key that are there still, and under the former one. */
export async function rewrapKeys(
  sql: Sql,
  masters: { readonly from: string; readonly to: string },
  rows: readonly Pick<WrappedKeyRow, 'extent' | 'wrapped'>[],
): Promise<void> {
  for (const { extent, wrapped } of rows) {
    await sql.run(rewrap, { ...masters, extent, wrapped })
  }
}

/** All that the database has ever known, in the order of their ids. */
export async function listMasterKeys(sql: Sql): Promise<MasterKeyRow[]> {
  return await sql.all(masterKeys, {})
}

/** Takes master keys in, or changes their states. */
export async function putMasterKeys(
  sql: Sql,
  rows: readonly MasterKeyRow[],
): Promise<void> {
  await sql.insert(putMaster, rows)
}
