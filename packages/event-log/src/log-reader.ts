import { type LogHead, readHead } from './append/log-head.ts'
import {
  type ConsumerState,
  findConsumer,
  listConsumers,
} from './consumers/consumer-store.ts'
import { openForReading } from './engines/sqlite/connection/open-database.ts'
import type { SqliteDriverName } from './engines/sqlite/connection/sqlite-connection.ts'
import { SqliteSql } from './engines/sqlite/connection/sqlite-sql.ts'
import type { Projection } from './log-module.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { liveGenerations, physicalNames } from './projections/projection-set.ts'
import { type ReadQuery, readEvents } from './read/read-events.ts'
import type { StoredEvent } from './read/stored-event.ts'
import type { Sql } from './sql/sql.ts'

/** Reads the log and its projections through a connection that cannot write. */
export interface LogReader {
  /**
   * The connection, where logical tables of projections mean the live ones. Take it anew for each query:
   * after a rebuild it is another, and the tables of the former go.
   */
  readonly sql: Sql
  /**
   * A read of projections where nobody says which tables are live, as beside the server of another process: of those that
   * the log's head names, and again where a rebuild took their place meanwhile.
   */
  readLive<T>(work: (sql: Sql) => MaybePromise<T>): Promise<T>
  head(): Promise<LogHead>
  /** One page of at most 1,000 events. */
  read(query?: ReadQuery): Promise<StoredEvent[]>
  consumer(name: string): Promise<ConsumerState | undefined>
  consumers(): Promise<ConsumerState[]>
  /** Reads other tables from now on, as the writer says. */
  follow(generations: Readonly<Record<string, string>>): void
  close(): Promise<void>
}

/**
 * Opens the log for reading only: beside a server that writes, or on a copied folder. It takes no lock.
 *
 * @throws CustodyError `data_folder_unusable`, `log_fenced`
 */
export async function openSqliteLogReader(options: {
  readonly path: string
  readonly driver: SqliteDriverName
  readonly projections: readonly Projection[]
}): Promise<LogReader> {
  const { projections } = options
  const connection = await openForReading(options.path, options.driver)
  const base = new SqliteSql(connection)
  let sql: Sql = base

  const follow = (generations: Readonly<Record<string, string>>) => {
    sql = base.withTables(
      Object.assign(
        {},
        ...projections.map((projection) =>
          physicalNames(
            projection,
            generations[projection.name] ?? `v${projection.version}`,
          ),
        ),
      ),
    )
  }
  async function followHead(): Promise<string> {
    const live = liveGenerations(projections, (await readHead(base)).projections)
    const text = JSON.stringify(live)
    if (text !== followed) follow(live)
    followed = text
    return text
  }
  let followed = ''
  try {
    await followHead()
  } catch (error) {
    await connection.close()
    throw error
  }

  return {
    get sql() {
      return sql
    },
    async readLive(work) {
      for (;;) {
        const live = await followHead()
        try {
          const value = await work(sql)
          // Former tables are emptied after the swap.
          if ((await followHead()) === live) return value
        } catch (error) {
          // And then they are gone.
          if ((await followHead()) === live) throw error
        }
      }
    },
    head: () => readHead(base),
    read: (query) => readEvents(base, query),
    consumer: (name) => findConsumer(base, name),
    consumers: () => listConsumers(base),
    follow,
    async close() {
      await connection.close()
    },
  }
}
