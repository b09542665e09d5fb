import {
  insertion,
  type LogEvent,
  type Projection,
  type ProjectionBatch,
  type Sql,
  statement,
} from '@custody/event-log'

/** Tables of the toy projection, by logical name. */
export type ToyTables = { accounts: AccountRow; counts: CountRow }

export type AccountRow = {
  id: string
  version: number
  owner: string | null
  currency: string
  balance: number
  /** Position of its first event. */
  opened: number
}

/** How many accounts were opened, and how often something was moved, in a project. */
export type CountRow = { project: string; type: string; events: number }

export interface ToyBatch extends ProjectionBatch {
  account(id: string): Promise<AccountRow | undefined>
}

const find = statement<ToyTables, { id: string }>()((db, p) =>
  db.selectFrom('accounts').selectAll().where('id', '=', p('id')),
)

const put = insertion<AccountRow>(
  'accounts',
  ['id', 'version', 'owner', 'currency', 'balance', 'opened'],
  {
    suffix:
      'on conflict (id) do update set version = excluded.version, owner = excluded.owner, balance = excluded.balance',
  },
)

const count = insertion<CountRow>('counts', ['project', 'type', 'events'], {
  suffix:
    'on conflict (project, type) do update set events = existing.events + excluded.events',
})

/** All accounts, in the order of their ids, and all counts. */
export const allAccounts = statement<ToyTables>()((db) =>
  db.selectFrom('accounts').selectAll().orderBy('id'),
)
export const allCounts = statement<ToyTables>()((db) =>
  db.selectFrom('counts').selectAll().orderBy('project').orderBy('type'),
)

/** `version` 2 has a table and a column more, as a later release would. */
export function toyProjection(version: number): Projection<ToyBatch> {
  return {
    name: 'accounts',
    version,
    tables: version === 1 ? ['accounts', 'counts'] : ['accounts', 'counts', 'extra'],
    types: ['AccountOpened', 'AmountMoved', 'OwnerForgotten'],
    async create(sql, table) {
      // Types that SQLite and PostgreSQL both know.
      await sql.exec(`
        create table ${table('accounts')} (
          id text primary key,
          version bigint not null,
          owner text,
          currency text not null,
          balance bigint not null,
          opened bigint not null
        );
        create table ${table('counts')} (
          project text not null,
          type text not null,
          events bigint not null,
          primary key (project, type)
        );`)
      if (version > 1) {
        await sql.exec(`create table ${table('extra')} (id text primary key)`)
      }
    },
    async createIndexes(sql, table) {
      const accounts = table('accounts')
      await sql.exec(`create index ${accounts}_by_owner on ${accounts} (owner, opened)`)
    },
    open: openBatch,
  }
}

function openBatch(sql: Sql): ToyBatch {
  const touched = new Map<string, AccountRow>()
  const counts = new Map<string, CountRow>()

  const account = async (id: string) => touched.get(id) ?? (await sql.get(find, { id }))

  async function apply(event: LogEvent): Promise<void> {
    const { data, private: groups } = event as ToyEvent
    const before = await account(event.stream)
    const key = `${event.project}\n${event.type}`
    const counted = counts.get(key) ?? {
      project: event.project,
      type: event.type,
      events: 0,
    }
    counts.set(key, { ...counted, events: counted.events + 1 })
    const row = before ?? {
      id: event.stream,
      version: 0,
      owner: groups.personal?.owner ?? null,
      currency: data.currency ?? '',
      balance: 0,
      opened: event.position,
    }
    touched.set(event.stream, {
      ...row,
      version: event.version,
      owner: event.type === 'OwnerForgotten' ? null : row.owner,
      balance: row.balance + (data.amount ?? 0),
    })
  }

  return {
    account,
    apply,
    async flush() {
      await sql.insert(put, [...touched.values()])
      await sql.insert(count, [...counts.values()])
      touched.clear()
      counts.clear()
    },
  }
}

type ToyEvent = {
  readonly data: { readonly amount?: number; readonly currency?: string }
  readonly private: { readonly personal?: { readonly owner: string } }
}
