import { CustodyError, quote } from '@custody/domain/errors'
import type { Migration } from 'kysely/migration'
import type { Projection } from '../../log-module.ts'
import type { MaybePromise } from '../../maybe-promise.ts'
import type { Findings } from '../../verify/finding.ts'
import type { RawEvent, RawLog, RawPrivate, RawRows } from '../../verify/raw-log.ts'
import { openNodeSqlite } from './connection/node-sqlite-connection.ts'
import { openNpmSqlite3 } from './connection/npm-sqlite3-connection.ts'
import { openForReading } from './connection/open-database.ts'
import type {
  SqliteConnection,
  SqliteDriverName,
} from './connection/sqlite-connection.ts'
import { sqliteCode } from './connection/sqlite-error.ts'
import { SqliteSql } from './connection/sqlite-sql.ts'
import { executedMigrations, logMigrations, migrate } from './migrate.ts'

export type RawSqliteRowsOptions = {
  readonly path: string
  readonly driver: SqliteDriverName
}

export type RawSqliteLogOptions = RawSqliteRowsOptions & {
  /** Tables beside the log, as the log's module makes them. */
  readonly migrations: Readonly<Record<string, Migration>>
  readonly projections: readonly Pick<Projection, 'tables'>[]
}

/** Primary result code: https://sqlite.org/rescode.html */
const SQLITE_CORRUPT = 11

/** Rows that one statement looks at for values of a wrong type. */
const ROWS = 10_000

type TableName = 'events' | 'event_private' | 'log_batches' | 'tiles' | 'checkpoints'

type Classes = Readonly<Record<'key' | 'integer' | 'text' | 'blob', readonly string[]>>

/** The columns of the log's tables by the type that a STRICT table holds them to. */
const CLASSES: Readonly<Record<TableName, Classes>> = {
  events: {
    key: ['position'],
    integer: ['seq', 'version', 'schema'],
    text: ['project', 'stream', 'event_id', 'type', 'time', 'actor', 'request', 'record'],
    blob: ['leaf_hash'],
  },
  event_private: {
    key: ['position', 'grp'],
    integer: ['position'],
    text: ['grp', 'body'],
    blob: ['salt'],
  },
  log_batches: {
    key: ['position'],
    integer: ['writer_epoch'],
    text: ['time', 'projections'],
    blob: ['frontier', 'chain'],
  },
  tiles: {
    key: ['level', 'idx'],
    integer: ['level', 'idx'],
    text: [],
    blob: ['hashes'],
  },
  checkpoints: {
    key: ['epoch', 'size'],
    integer: ['epoch', 'size'],
    text: ['note'],
    blob: ['root', 'chain'],
  },
}

/**
 * Opens a log to verify it, for reading only: beside a server that writes, or in a copied folder.
 *
 * @throws CustodyError `data_folder_unusable` when there is none, or its tables are of another version
 */
export async function openRawSqliteLog(options: RawSqliteLogOptions): Promise<RawLog> {
  const connection = await openForReading(options.path, options.driver, {
    bigIntegers: true,
  })
  try {
    await checkMigrations(connection, options)
  } catch (error) {
    await connection.close()
    if (sqliteCode(error) === SQLITE_CORRUPT) {
      throw new CustodyError(
        'data_folder_unusable',
        `${quote(options.path)} is damaged: it cannot be read which tables it has.`,
        { cause: error },
      )
    }
    throw error
  }
  return {
    ...(await rawRows(connection)),
    checkSchema: (findings) => checkSchema(connection, options, findings),
  }
}

/** Opens the rows of a log that was opened already, and found to be of this version: in another thread. */
export async function openRawSqliteRows({
  path,
  driver,
}: RawSqliteRowsOptions): Promise<RawRows> {
  return await rawRows(await openForReading(path, driver, { bigIntegers: true }))
}

async function rawRows(connection: SqliteConnection): Promise<RawRows> {
  const events = await connection.prepare(between('events', EVENT_COLUMNS))
  const privates = await connection.prepare(between('event_private', PRIVATE_COLUMNS))
  return {
    sql: new SqliteSql(connection),
    events: (from, to) =>
      events.arrays
        ? then(events.arrays([from, to]), (rows) => rows.map(toRawEvent))
        : (events.all([from, to]) as MaybePromise<RawEvent[]>),
    privates: (from, to) =>
      privates.arrays
        ? then(privates.arrays([from, to]), (rows) => rows.map(toRawPrivate))
        : (privates.all([from, to]) as MaybePromise<RawPrivate[]>),
    async checkEngine(findings, isDefined) {
      const isSound = await checkIntegrity(connection, findings)
      // It holds the columns of a STRICT table to their types, and only does not tell which row breaks them.
      if (!isSound || !isDefined) await checkClasses(connection, findings)
    },
    inexactTexts: (table, key) => inexactTexts(connection, table, key),
    isDamage: (error) => sqliteCode(error) === SQLITE_CORRUPT,
    close: async () => {
      await connection.close()
    },
  }
}

const EVENT_COLUMNS =
  'position, project, seq, stream, version, event_id, type, schema, time, actor, request, record, lower(hex(leaf_hash)) as leaf_hash'
const PRIVATE_COLUMNS = 'position, grp, lower(hex(salt)) as salt, body'

function between(table: 'events' | 'event_private', columns: string): string {
  const order = table === 'events' ? 'position' : 'position, grp'
  return `select ${columns} from ${table} where position >= ? and position <= ? order by ${order}`
}

function then<T, R>(value: MaybePromise<T>, next: (value: T) => R): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Objects of one shape. That the values are of these types is what is to be verified. */
function toRawEvent(values: unknown[]): RawEvent {
  return {
    position: values[0],
    project: values[1],
    seq: values[2],
    stream: values[3],
    version: values[4],
    event_id: values[5],
    type: values[6],
    schema: values[7],
    time: values[8],
    actor: values[9],
    request: values[10],
    record: values[11],
    leaf_hash: values[12],
  } as RawEvent
}

function toRawPrivate(values: unknown[]): RawPrivate {
  return {
    position: values[0],
    grp: values[1],
    salt: values[2],
    body: values[3],
  } as RawPrivate
}

async function checkMigrations(
  connection: SqliteConnection,
  { path, migrations }: RawSqliteLogOptions,
): Promise<void> {
  const known = Object.keys({ ...logMigrations, ...migrations })
  const executed = await executedMigrations(connection)
  const refuse = (how: string) => {
    throw new CustodyError(
      'data_folder_unusable',
      `The tables of ${quote(path)} are of ${how}.`,
    )
  }
  for (const name of executed) {
    if (!known.includes(name)) refuse(`a newer version of Custody: it has ${quote(name)}`)
  }
  for (const name of known) {
    if (executed.includes(name)) continue
    refuse(
      `an older version of Custody: ${quote(name)} is missing; a start of the server brings it`,
    )
  }
}

type SchemaRow = { readonly type: string; readonly table: string; readonly text: string }

/**
 * Tables, indexes and triggers must be, to the letter, those that the migrations make. Tables of projections
 * are not looked at: a replay compares what they hold.
 */
async function checkSchema(
  connection: SqliteConnection,
  { driver, migrations, projections }: RawSqliteLogOptions,
  findings: Findings,
): Promise<void> {
  const scratch =
    driver === 'node'
      ? openNodeSqlite(':memory:', { readOnly: false })
      : await openNpmSqlite3(':memory:', { readOnly: false })
  let expected: Map<string, SchemaRow>
  try {
    await migrate(scratch, migrations)
    expected = await readSchema(scratch)
  } finally {
    await scratch.close()
  }
  const found = await readSchema(connection)
  const tell = (name: string, problem: string) =>
    findings.add({ table: 'sqlite_schema', key: name, problem })
  for (const [name, { type, text }] of expected) {
    const row = found.get(name)
    if (!row) tell(name, `the ${type} is missing`)
    else if (row.text !== text || row.type !== type) {
      tell(name, `the ${type} is not defined as the migrations define it`)
    }
  }
  const ofProjection = (table: string) =>
    projections.some(({ tables }) =>
      tables.some((logical) => isGeneration(table, logical)),
    )
  for (const [name, { type, table }] of found) {
    if (expected.has(name)) continue
    // SQLite's own, such as what `ANALYZE` keeps.
    if (type === 'table' && name.startsWith('sqlite_')) continue
    if (type === 'trigger' || !ofProjection(table)) {
      tell(name, `${type === 'index' ? 'an index' : `a ${type}`} that no migration makes`)
    }
  }
}

function isGeneration(table: string, logical: string): boolean {
  return (
    table.startsWith(`${logical}_v`) &&
    /^v\d+(_\d+)?$/.test(table.slice(logical.length + 1))
  )
}

async function readSchema(connection: SqliteConnection): Promise<Map<string, SchemaRow>> {
  const statement = await connection.prepare(
    'select name, type, tbl_name, sql from sqlite_schema order by name',
  )
  return new Map(
    (await statement.all([])).map((row) => [
      String(row.name),
      { type: String(row.type), table: String(row.tbl_name), text: String(row.sql) },
    ]),
  )
}

/**
 * SQLite's own check of every page, row and index: https://sqlite.org/pragma.html#pragma_integrity_check
 * Resolves to whether it found nothing.
 */
async function checkIntegrity(
  connection: SqliteConnection,
  findings: Findings,
): Promise<boolean> {
  let isSound = true
  const tell = (text: string) => {
    isSound = false
    const problem = `integrity check: ${text.slice(0, 300)}`
    findings.add({ table: 'database', key: '', problem })
  }
  try {
    const statement = await connection.prepare('pragma integrity_check')
    for (const { integrity_check: text } of await statement.all([])) {
      if (text !== 'ok') tell(String(text))
    }
  } catch (error) {
    if (sqliteCode(error) !== SQLITE_CORRUPT) throw error
    tell(error instanceof Error ? error.message : String(error))
  }
  return isSound
}

async function checkClasses(
  connection: SqliteConnection,
  findings: Findings,
): Promise<void> {
  for (const [table, { key, ...classes }] of Object.entries(CLASSES)) {
    const columns = Object.entries(classes).flatMap(([type, names]) =>
      names.map((name) => ({ name, type })),
    )
    const [first] = key
    const wrong = columns
      .map(({ name, type }) => `typeof(${name}) <> '${type}'`)
      .join(' or ')
    const types = columns.map(({ name }) => `typeof(${name}) as ${name}`).join(', ')
    // By the first column of the key, which is an integer, or was made something else.
    const next = await connection.prepare(
      `select ${first} as next from ${table} where ${first} > ? order by ${first} limit 1 offset ?`,
    )
    const misfits = await connection.prepare(
      `select ${key.map((name) => `cast(${name} as text)`).join(` || ' ' || `)} as misfit_key, ${types}
        from ${table} where ${first} > ? and ${first} <= ? and (${wrong}) limit 100`,
    )
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const end = (await next.get([after, ROWS - 1]))?.next
      const upTo = typeof end === 'number' ? end : Number.MAX_SAFE_INTEGER
      for (const row of await misfits.all([after, upTo])) {
        for (const { name, type } of columns) {
          if (row[name] === type) continue
          findings.add({
            table,
            key: String(row.misfit_key),
            column: name,
            problem: 'is of another type',
            expected: type,
            found: String(row[name]),
          })
        }
      }
      if (typeof end !== 'number') break
      after = upTo
    }
  }
}

async function inexactTexts(
  connection: SqliteConnection,
  table: 'events' | 'event_private',
  key: { readonly position: number; readonly grp?: string },
): Promise<string[]> {
  const { text } = CLASSES[table]
  const columns = text
    .map((name) => `${name}, cast(${name} as blob) as ${name}_bytes`)
    .join(', ')
  const { position, grp } = key
  const statement = await connection.prepare(
    `select ${columns} from ${table} where position = ?${grp === undefined ? '' : ' and grp = ?'}`,
  )
  const row = await statement.get(grp === undefined ? [position] : [position, grp])
  if (!row) return []
  return text.filter((name) => {
    const bytes = row[`${name}_bytes`]
    return (
      bytes instanceof Uint8Array &&
      Buffer.compare(bytes, Buffer.from(String(row[name]))) !== 0
    )
  })
}
