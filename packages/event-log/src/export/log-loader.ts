import type { Migration } from 'kysely/migration'
import type {
  BatchRow,
  EventRow,
  LogTables,
  PrivateRow,
  TileRow,
} from '../append/log-tables.ts'
import { openForWriting } from '../engines/sqlite/connection/open-database.ts'
import type { SqliteDriverName } from '../engines/sqlite/connection/sqlite-connection.ts'
import { toRefusal } from '../engines/sqlite/connection/sqlite-error.ts'
import { SqliteSql } from '../engines/sqlite/connection/sqlite-sql.ts'
import {
  CommitFailed,
  createTransactions,
} from '../engines/sqlite/connection/transaction.ts'
import { migrate } from '../engines/sqlite/migrate.ts'
import type { EventRecord } from '../event-record.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { BatchLine, EventLine, TileLine } from './log-lines.ts'

/**
 * Fills the tables of a new database with the lines of an export, whatever they say: what is wrong with them is for
 * the verification to find. What no table can hold is told by the line.
 */
export interface LogLoader {
  readonly sql: Sql
  /**
   * One transaction. Nothing is durable before the file was synced by the caller.
   * @throws CustodyError `insufficient_storage`
   */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** @returns the record where its members are those of one; otherwise what is wrong, as a clause */
  event(line: unknown): Promise<EventRecord | string>
  /** @returns what is wrong */
  batch(line: unknown): Promise<string | undefined>
  /** @returns what is wrong */
  tile(line: unknown): Promise<string | undefined>
  /** Removes a private group: an event that came later says that it was erased. */
  removePrivate(position: number, group: string): Promise<void>
  /** The database is from here on as any other, guarded by its triggers. */
  guard(): Promise<void>
  close(): Promise<void>
}

/** Creates the database, which must not be there. */
export async function openLogLoader(options: {
  readonly path: string
  readonly driver: SqliteDriverName
  /** Tables beside the log, as the log's module makes them. */
  readonly migrations: Readonly<Record<string, Migration>>
}): Promise<LogLoader> {
  const connection = await openForWriting(options.path, options.driver)
  try {
    // Before the tables are made: that alone would be a dozen commits that wait for the disk.
    await connection.exec('pragma synchronous = off')
    await migrate(connection, options.migrations)
    await connection.exec('pragma foreign_keys = off')
    const triggers = await (
      await connection.prepare(
        `select name, sql from sqlite_schema where type = 'trigger' and name = 'events_no_gap'`,
      )
    ).all([])
    for (const { name } of triggers) await connection.exec(`drop trigger "${name}"`)
    const sql = new SqliteSql(connection)
    const transactions = await createTransactions(connection)
    return {
      sql,
      async transaction(work) {
        try {
          return await transactions.run(work)
        } catch (error) {
          throw toRefusal(error instanceof CommitFailed ? error.cause : error) ?? error
        }
      },
      event: (line) => loadEvent(sql, line),
      batch: (line) => loadBatch(sql, line),
      tile: (line) => loadTile(sql, line),
      async removePrivate(position, grp) {
        await sql.run(deletePrivate, { position, grp })
      },
      async guard() {
        for (const { sql: text } of triggers) await connection.exec(String(text))
        await connection.exec('pragma foreign_keys = on')
      },
      async close() {
        await connection.close()
      },
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** The columns of an event that are members of its record. */
const TEXTS = ['project', 'stream', 'id', 'type', 'time', 'actor', 'request'] as const
const INTEGERS = ['position', 'seq', 'version', 'schema'] as const

async function loadEvent(sql: Sql, line: unknown): Promise<EventRecord | string> {
  if (!isObject(line)) return 'is no event'
  const { record: text, leaf_hash, private: groups } = line as Partial<EventLine>
  const leafHash = bytesOf(leaf_hash)
  if (typeof text !== 'string' || !leafHash || !isObject(groups)) return 'is no event'
  if (Object.keys(line).length !== 3) return 'has other members than an event has'
  const record = parseRecord(text)
  if (!record) return 'has a record that is none'
  const { position, project, seq, stream, version, type, schema, time } = record
  const changed = await sql.run(insertEvent, {
    position,
    project,
    seq,
    stream,
    version,
    event_id: record.id,
    type,
    schema,
    time,
    actor: record.actor,
    request: record.request,
    record: text,
    leaf_hash: leafHash,
  })
  if (changed === 0) {
    return `has event ${position}, whose position, number in its project or stream, or id is another one's, too`
  }
  for (const [grp, group] of Object.entries(groups)) {
    const { salt, body } = Object(group)
    const bytes = bytesOf(salt)
    if (!bytes || typeof body !== 'string' || Object.keys(Object(group)).length !== 2) {
      return `has event ${position}, whose private group is none`
    }
    await sql.run(insertPrivate, { position, grp, salt: bytes, body })
  }
  return record
}

function parseRecord(text: string): EventRecord | undefined {
  try {
    const record: EventRecord = JSON.parse(text)
    const isOne =
      isObject(record) &&
      TEXTS.every((name) => typeof record[name] === 'string') &&
      INTEGERS.every((name) => Number.isSafeInteger(record[name]))
    return isOne ? record : undefined
  } catch {
    return undefined
  }
}

async function loadBatch(sql: Sql, line: unknown): Promise<string | undefined> {
  if (!isObject(line)) return 'is no batch'
  const { position, frontier, time, writer_epoch, projections, chain } =
    line as Partial<BatchLine>
  const frontierBytes = bytesOf(frontier)
  const chainBytes = bytesOf(chain)
  if (
    !isInteger(position) ||
    !isInteger(writer_epoch) ||
    typeof time !== 'string' ||
    typeof projections !== 'string' ||
    !frontierBytes ||
    !chainBytes ||
    Object.keys(line).length !== 6
  ) {
    return 'is no batch'
  }
  const row = { position, time, writer_epoch, projections }
  const changed = await sql.run(insertBatch, {
    ...row,
    frontier: frontierBytes,
    chain: chainBytes,
  })
  return changed === 0 ? `has batch ${position}, which stands before, too` : undefined
}

async function loadTile(sql: Sql, line: unknown): Promise<string | undefined> {
  if (!isObject(line)) return 'is no tile'
  const { level, index, hashes } = line as Partial<TileLine>
  const bytes = bytesOf(hashes)
  if (
    !isInteger(level) ||
    !isInteger(index) ||
    !bytes ||
    Object.keys(line).length !== 3
  ) {
    return 'is no tile'
  }
  const changed = await sql.run(insertTile, { level, idx: index, hashes: bytes })
  return changed === 0
    ? `has tile ${level}/${index}, which stands before, too`
    : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** Base64 as encoders write it, so that each value has one text only. */
function bytesOf(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

// A row that has the key of another one, or a value that stands once, changes nothing, and the caller is told.

const insertEvent = statement<LogTables, EventRow>()((db, p) =>
  db
    .insertInto('events')
    .values({
      position: p('position'),
      project: p('project'),
      seq: p('seq'),
      stream: p('stream'),
      version: p('version'),
      event_id: p('event_id'),
      type: p('type'),
      schema: p('schema'),
      time: p('time'),
      actor: p('actor'),
      request: p('request'),
      record: p('record'),
      leaf_hash: p('leaf_hash'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const insertPrivate = statement<LogTables, PrivateRow>()((db, p) =>
  db
    .insertInto('event_private')
    .values({
      position: p('position'),
      grp: p('grp'),
      salt: p('salt'),
      body: p('body'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const insertBatch = statement<LogTables, BatchRow>()((db, p) =>
  db
    .insertInto('log_batches')
    .values({
      position: p('position'),
      frontier: p('frontier'),
      time: p('time'),
      writer_epoch: p('writer_epoch'),
      projections: p('projections'),
      chain: p('chain'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const insertTile = statement<LogTables, TileRow>()((db, p) =>
  db
    .insertInto('tiles')
    .values({ level: p('level'), idx: p('idx'), hashes: p('hashes') })
    .onConflict((conflict) => conflict.doNothing()),
)

const deletePrivate = statement<LogTables, { position: number; grp: string }>()((db, p) =>
  db
    .deleteFrom('event_private')
    .where('position', '=', p('position'))
    .where('grp', '=', p('grp')),
)
