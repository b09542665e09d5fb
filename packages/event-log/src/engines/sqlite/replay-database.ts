import { rmSync } from 'node:fs'
import { readHead } from '../../append/log-head.ts'
import type { Projection } from '../../log-module.ts'
import { liveGenerations, physicalName } from '../../projections/projection-set.ts'
import type { Sql } from '../../sql/sql.ts'
import { openNodeSqlite } from './connection/node-sqlite-connection.ts'
import { openNpmSqlite3 } from './connection/npm-sqlite3-connection.ts'
import { openForReading, uriToRead } from './connection/open-database.ts'
import type {
  SqliteConnection,
  SqliteDriverName,
} from './connection/sqlite-connection.ts'
import { SqliteSql } from './connection/sqlite-sql.ts'

/** A row in which the index and the replay differ. */
export type Difference = {
  readonly projection: string
  readonly table: string
  /** `missing`: only the replay has it; `unexpected`: only the index has it; else the column. */
  readonly column: string
  /** The row's key, as JSON. */
  readonly key: string
  readonly expected: unknown
  readonly found: unknown
}

/** A scratch database beside a log that is only read. */
export interface ReplayDatabase {
  /** The scratch tables; `events` and the log's other tables are the source's. */
  readonly sql: Sql
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** The first difference in any table of the projection, or undefined. */
  compare(projection: Projection): Promise<Difference | undefined>
  close(): Promise<void>
}

/**
 * It is thrown away, and nobody else opens it: no journal, no fsync, no locks but one. Large pages take fewer calls to be
 * written and read again. `main`, so that the log is not locked with it.
 */
const SCRATCH = [
  'pragma main.page_size = 32768',
  'pragma main.journal_mode = off',
  'pragma main.synchronous = off',
  'pragma main.locking_mode = exclusive',
]

/** Opens a scratch database at `scratch` (removed again by `close`) beside the log at `source`. */
export async function openReplayDatabase(options: {
  readonly source: string
  readonly scratch: string
  readonly driver: SqliteDriverName
  readonly projections: readonly Projection[]
}): Promise<ReplayDatabase> {
  const { source, scratch, driver, projections } = options
  // Says clearly when the source is not there, or not ours.
  await (await openForReading(source, driver)).close()
  removeScratch(scratch)
  const connection =
    driver === 'node'
      ? openNodeSqlite(scratch, { readOnly: false })
      : await openNpmSqlite3(scratch, { readOnly: false })
  for (const text of SCRATCH) await connection.exec(text)
  await (await connection.prepare('attach ? as live')).run([uriToRead(source)])
  const base = new SqliteSql(connection)
  for (const projection of projections) {
    await projection.create(base, (logical) => physicalName(logical, 'replay'))
  }
  const sql = base.withTables(
    Object.fromEntries(
      projections.flatMap(({ tables }) =>
        tables.map((logical) => [logical, physicalName(logical, 'replay')]),
      ),
    ),
  )

  return {
    sql,
    async transaction(work) {
      await connection.exec('begin')
      try {
        return await work()
      } finally {
        await connection.exec('commit')
      }
    },
    async compare(projection) {
      const { projections: head } = await readHead(base)
      const generation = liveGenerations([projection], head)[projection.name] ?? ''
      for (const logical of projection.tables) {
        const difference = await compareTable(
          connection,
          physicalName(logical, 'replay'),
          physicalName(logical, generation),
        )
        if (difference)
          return { projection: projection.name, table: logical, ...difference }
      }
      return undefined
    },
    async close() {
      await connection.close()
      removeScratch(scratch)
    },
  }
}

function removeScratch(scratch: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    rmSync(scratch + suffix, { force: true })
}

type TableDifference = Omit<Difference, 'projection' | 'table'>

/** Rows are matched by primary key and compared column by column, type and value. */
async function compareTable(
  connection: SqliteConnection,
  replayed: string,
  live: string,
): Promise<TableDifference | undefined> {
  const info = await (
    await connection.prepare(`pragma main.table_info("${replayed}")`)
  ).all([])
  const columns = info.map((row) => String(row.name))
  const keys = info.filter((row) => Number(row.pk) > 0).map((row) => String(row.name))
  const matched = keys.map((name) => `r."${name}" = l."${name}"`).join(' and ')
  const differs = columns.map((name) => `r."${name}" is not l."${name}"`).join(' or ')

  // One pass where all is well: as many rows, and each of the one has its like in the other.
  const quick = await (
    await connection.prepare(
      `select (select count(*) from main."${replayed}") = (select count(*) from live."${live}")
        and not exists (select 1 from main."${replayed}" r left join live."${live}" l on ${matched}
          where ${differs}) as same`,
    )
  ).get([])
  if (quick?.same === 1) return undefined

  const key = `json_array(${keys.map((name) => `x."${name}"`).join(', ')})`

  const only = async (one: string, other: string, column: string) => {
    const text = `select ${key} as key from ${one} x where not exists (
      select 1 from ${other} y where ${keys.map((name) => `x."${name}" = y."${name}"`).join(' and ')}) limit 1`
    const row = await (await connection.prepare(text)).get([])
    return row && { column, key: String(row.key), expected: undefined, found: undefined }
  }
  const missing = await only(`main."${replayed}"`, `live."${live}"`, 'missing')
  if (missing) return missing
  const unexpected = await only(`live."${live}"`, `main."${replayed}"`, 'unexpected')
  if (unexpected) return unexpected

  const row = await (
    await connection.prepare(
      `select ${keys.map((name) => `r."${name}"`).join(', ')},
        ${columns.map((name, index) => `r."${name}" as r${index}, l."${name}" as l${index}`).join(', ')}
      from main."${replayed}" r join live."${live}" l on ${matched} where ${differs} limit 1`,
    )
  ).get([])
  if (!row) return undefined
  const index = columns.findIndex((_, at) => row[`r${at}`] !== row[`l${at}`])
  return {
    column: columns[index] ?? '',
    key: JSON.stringify(keys.map((name) => row[name])),
    expected: row[`r${index}`],
    found: row[`l${index}`],
  }
}
