import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { plainRoot } from '@custody/testkit'
import type { Random } from '../crash/random.ts'

/** What was done to one row, past everything that guards it. */
export type Tampering = {
  readonly what: string
  readonly table: string
  /** The row's primary key, as the verifier writes it; of a row that was moved, both. */
  readonly keys: readonly string[]
}

type Column = { readonly name: string; readonly type: string; readonly pk: number }
type Row = Readonly<Record<string, unknown>>

/** Opens a database as somebody does who has its file: without its triggers, which are there again afterwards. */
export function tamperWith<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path)
  try {
    db.exec('pragma foreign_keys = off')
    const triggers = db
      .prepare("select name, sql from sqlite_schema where type = 'trigger'")
      .all()
    for (const { name } of triggers) db.exec(`drop trigger "${name}"`)
    const result = work(db)
    for (const { sql } of triggers) db.exec(String(sql))
    return result
  } finally {
    db.close()
  }
}

/** Names of the columns of a table, as the database has them. */
export function columnsOf(db: DatabaseSync, table: string): string[] {
  return readColumns(db, table).map(({ name }) => name)
}

/** Flips one random bit in a column of a random row; by default, a random column. */
export function flipBit(
  db: DatabaseSync,
  table: string,
  random: Random,
  name?: string,
): Tampering {
  for (;;) {
    const { columns, row, key } = randomRow(db, table, random)
    const column =
      name === undefined ? random.pick(columns) : columns.find((one) => one.name === name)
    if (!column) throw new Error(`${table} has no columns ${name ?? ''}`)
    const bytes = row[`${column.name}_bytes`]
    const isNumber = column.type === 'INTEGER'
    if (!isNumber && !(bytes instanceof Uint8Array && bytes.length > 0)) continue
    const value = isNumber
      ? BigInt.asIntN(
          64,
          BigInt(String(row[column.name])) ^ (1n << BigInt(random.integer(0, 63))),
        )
      : flipped(bytes as Uint8Array, random)
    const place = column.type === 'TEXT' ? 'cast(? as text)' : '?'
    const where = whereKey(columns)
    try {
      db.prepare(`update ${table} set "${column.name}" = ${place} where ${where}`).run(
        value,
        ...keyOf(columns, row),
      )
    } catch (error) {
      // Two rows with one key cannot be: another flip.
      if (String(error).includes('UNIQUE')) continue
      throw error
    }
    const moved = keyText(table, columns, {
      ...row,
      [column.name]: isNumber ? value : Buffer.from(value as Uint8Array).toString(),
    })
    return {
      what: `a bit of ${table}.${column.name} at ${key}`,
      table,
      keys: [key, moved],
    }
  }
}

export function removeRow(db: DatabaseSync, table: string, random: Random): Tampering {
  const { columns, row, key } = randomRow(db, table, random)
  db.prepare(`delete from ${table} where ${whereKey(columns)}`).run(
    ...keyOf(columns, row),
  )
  return { what: `row ${key} of ${table} removed`, table, keys: [key] }
}

/** Adds a copy of a random row under another key. */
export function addRow(db: DatabaseSync, table: string, random: Random): Tampering {
  for (;;) {
    const { columns, row } = randomRow(db, table, random)
    const unique = ['seq', 'version', 'event_id']
    const copy: Record<string, unknown> = {}
    for (const { name, type, pk } of columns) {
      const isMoved = pk > 0 || (table === 'events' && unique.includes(name))
      if (!isMoved || random.chance(pk > 0 ? 0.3 : 0)) copy[name] = row[name]
      else if (type === 'INTEGER') copy[name] = random.integer(-2, 2000)
      else
        copy[name] = random.pick(['personal', 'content', 'x', `x${random.integer(1, 9)}`])
    }
    try {
      db.prepare(
        `insert into ${table} (${columns.map(({ name }) => name).join(', ')})
          values (${columns.map(() => '?').join(', ')})`,
      ).run(...columns.map(({ name }) => copy[name] as string))
    } catch (error) {
      if (String(error).includes('UNIQUE')) continue
      throw error
    }
    const key = keyText(table, columns, copy)
    return { what: `row ${key} added to ${table}`, table, keys: [key] }
  }
}

function randomRow(db: DatabaseSync, table: string, random: Random) {
  const columns = readColumns(db, table)
  const count = Number(db.prepare(`select count(*) as n from ${table}`).get()?.n)
  const row: Row | undefined = db
    .prepare(
      `select ${columns.map(({ name }) => `${name}, cast(${name} as blob) as ${name}_bytes`).join(', ')}
        from ${table} limit 1 offset ?`,
    )
    .get(random.integer(0, count - 1))
  if (!row) throw new Error(`${table} is empty`)
  return { columns, row, key: keyText(table, columns, row) }
}

function readColumns(db: DatabaseSync, table: string): Column[] {
  return db
    .prepare(`pragma table_info(${table})`)
    .all()
    .map(({ name, type, pk }) => ({
      name: String(name),
      type: String(type),
      pk: Number(pk),
    }))
}

function keysIn(columns: readonly Column[]): Column[] {
  return columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk)
}

function whereKey(columns: readonly Column[]): string {
  return keysIn(columns)
    .map(({ name }) => `${name} = ?`)
    .join(' and ')
}

function keyOf(columns: readonly Column[], row: Row): (string | number)[] {
  return keysIn(columns).map(({ name }) => row[name] as string | number)
}

function keyText(table: string, columns: readonly Column[], row: Row): string {
  return keyOf(columns, row).join(table === 'tiles' ? '/' : ' ')
}

export function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = new Uint8Array(bytes)
  const at = random.integer(0, bytes.length - 1)
  changed[at] = (changed[at] ?? 0) ^ (1 << random.integer(0, 7))
  return changed
}

/**
 * Changes who did something, and with it every hash that follows: what somebody can do who has the file, and not the
 * signing key. Of a log of less than 256 events, which has no tiles.
 */
export function rewriteLog(db: DatabaseSync, position: number): void {
  const texts = readTexts(db)
  const record = { ...JSON.parse(texts[position - 1] ?? ''), actor: 'key:other' }
  texts[position - 1] = JSON.stringify(record)
  db.prepare(
    "update events set actor = 'key:other', record = ?, leaf_hash = ? where position = ?",
  ).run(JSON.stringify(record), plainRoot([JSON.stringify(record)]), position)
  let chain = Buffer.alloc(0)
  for (const row of db.prepare('select * from log_batches order by position').all()) {
    const size = Number(row.position)
    const frontier = frontierOf(texts.slice(0, size))
    const { time, writer_epoch, projections } = row
    const base64 = frontier.toString('base64')
    chain = createHash('sha256')
      .update(chain)
      .update(JSON.stringify([size, base64, time, writer_epoch, projections]))
      .digest()
    db.prepare('update log_batches set frontier = ?, chain = ? where position = ?').run(
      frontier,
      chain,
      size,
    )
  }
}

/** The records of a log, in order. */
export function readTexts(db: DatabaseSync): string[] {
  return db
    .prepare('select record from events order by position')
    .all()
    .map(({ record }) => String(record))
}

/** Roots of the largest subtrees that are full, from the left. */
function frontierOf(records: readonly string[]): Buffer {
  if (records.length === 0) return Buffer.alloc(0)
  const width = 2 ** Math.floor(Math.log2(records.length))
  const left = plainRoot(records.slice(0, width))
  return Buffer.concat([left, frontierOf(records.slice(width))])
}
