import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { temporaryFolder } from '../../../../../testkit/src/server/temporary-folder.ts'
import { openGapFile } from '../../../../src/engines/sqlite/erase/zero-gaps.ts'

const fixed = [
  'pragma page_size = 4096',
  'pragma auto_vacuum = incremental',
  'pragma secure_delete = on',
  'pragma journal_mode = wal',
  'pragma synchronous = off',
]

const tables = [
  'create table pairs (position integer, grp text, body text, primary key (position, grp)) strict, without rowid',
  'create table rows (position integer primary key, note text, name text) strict',
  'create table blobs (id text primary key, content blob) strict, without rowid',
]

const mark = (table: string, n: number) => `<${table}${String(n).padStart(6, '0')}>`

/** A database in which rows came, grew and shrank, so that pages were split. */
function grow(path: string, rows: number, random: (below: number) => number) {
  const db = new DatabaseSync(path)
  for (const text of [...fixed, ...tables]) db.exec(text)
  const pairs = db.prepare('insert into pairs values (?, ?, ?)')
  const names = db.prepare('insert into rows values (?, null, ?)')
  const blobs = db.prepare('insert into blobs values (?, ?)')
  const note = db.prepare('update rows set note = ? where position = ?')
  for (let n = 0; n < rows; n += 1) {
    if (n % 20 === 0) db.exec(n === 0 ? 'begin' : 'commit; begin')
    pairs.run(n, 'a', mark('p', n) + 'x'.repeat(random(200)))
    pairs.run(n, 'b', mark('q', n) + 'y'.repeat(random(10) === 0 ? 6_000 : 250))
    names.run(n, mark('r', n) + 'z'.repeat(random(60)))
    const size = random(8) === 0 ? 9_000 : random(600)
    blobs.run(`id ${String(n).padStart(8, '0')}`, Buffer.alloc(size + 8, mark('b', n)))
    if (n > 50 && random(3) === 0) note.run('n'.repeat(random(500)), n - random(50))
    if (n > 50 && random(4) === 0) note.run(null, n - random(50))
  }
  db.exec('commit')
  return db
}

function erase(db: DatabaseSync, n: number) {
  db.prepare('delete from pairs where position = ?').run(n)
  db.prepare('update rows set name = null, note = null where position = ?').run(n)
  db.prepare('delete from blobs where id = ?').run(`id ${String(n).padStart(8, '0')}`)
}

const contents = (db: DatabaseSync) =>
  ['pairs', 'rows', 'blobs'].map((table) => db.prepare(`select * from ${table}`).all())

/** Those of the rows that can be found in the file. */
function traces(path: string, rows: readonly number[]): string[] {
  const found = new Set(
    readFileSync(path)
      .toString('latin1')
      .match(/<[pqrb]\d{6}>/g),
  )
  return rows
    .flatMap((n) => ['p', 'q', 'r', 'b'].map((name) => mark(name, n)))
    .filter((text) => found.has(text))
}

/** Numbers that a seed decides. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % below
  }
}

t.test(
  'SQLite leaves copies of rows that it moved; without gaps there are none',
  async (t) => {
    let left = 0
    for (const seed of [1, 2]) {
      const path = join(temporaryFolder(t), 'a.db')
      const db = grow(path, 2_000, numbers(seed))
      const gone = Array.from({ length: 1_000 }, (_, n) => 2 * n)
      for (const n of gone) erase(db, n)
      db.exec('pragma wal_checkpoint(truncate)')
      left += traces(path, gone).length
      const before = contents(db)
      const file = openGapFile(path)
      t.equal(
        file.zero(1, () => false),
        null,
      )
      t.same(traces(path, gone), [])
      db.exec('pragma shrink_memory')
      t.ok(isDeepStrictEqual(contents(db), before), 'no row is harmed')
      t.match(db.prepare('pragma integrity_check').all(), [{ integrity_check: 'ok' }])
      db.close()
      file.close()
    }
    t.ok(left > 0, 'or there is no need for this')
  },
)

t.test(
  'rows are changed, step by step it is cleaned, and no row is harmed',
  async (t) => {
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(fc.nat({ max: 399 }), { maxLength: 60 }),
      async (seed, picks) => {
        const path = join(temporaryFolder(t), 'a.db')
        const random = numbers(seed)
        const db = grow(path, 400, random)
        for (const n of picks) erase(db, n)
        db.exec('pragma wal_checkpoint(truncate)')
        const before = contents(db)
        const file = openGapFile(path)
        let next: number | null = 1
        for (let steps = 0; next !== null; steps += 1) {
          next = file.zero(next, () => true)
          db.exec('pragma shrink_memory')
          // Others write in between: what was erased must not come back with it.
          db.prepare('update rows set note = ? where position = ?').run('w', random(400))
          db.prepare('update rows set note = null where note = ?').run('w')
          db.exec('pragma wal_checkpoint(truncate)')
          if (steps > file.pages()) throw new Error('it does not end')
        }
        const found = traces(path, picks)
        const after = contents(db)
        const check = db.prepare('pragma integrity_check').get()
        db.close()
        file.close()
        if (found.length > 0) throw new Error(`found: ${found}`)
        if (check?.integrity_check !== 'ok') throw new Error(JSON.stringify(check))
        // Notes aside: they were written over.
        const names = (rows: typeof before) =>
          JSON.stringify([rows[0], rows[1]?.map(({ note: _, ...row }) => row), rows[2]])
        if (names(after) !== names(before)) throw new Error('a row was harmed')
      },
    )
    await fc.assert(property, { numRuns: 5 })
  },
)

t.test(
  'other page sizes, and a database without a pointer map, are cleaned as well',
  async (t) => {
    for (const [size, vacuum] of [
      [512, 'incremental'],
      [65_536, 'incremental'],
      [4_096, 'none'],
    ] as const) {
      const path = join(temporaryFolder(t), 'a.db')
      const first = new DatabaseSync(path)
      first.exec(
        `pragma page_size = ${size}; pragma auto_vacuum = ${vacuum}; create table x (y)`,
      )
      first.close()
      const db = grow(path, 1_000, numbers(7))
      const gone = Array.from({ length: 300 }, (_, n) => 3 * n)
      for (const n of gone) erase(db, n)
      db.exec('pragma wal_checkpoint(truncate)')
      const before = contents(db)
      const file = openGapFile(path)
      t.equal(
        file.zero(1, () => false),
        null,
      )
      t.same(traces(path, gone), [], `${size} ${vacuum}`)
      db.exec('pragma shrink_memory')
      t.ok(isDeepStrictEqual(contents(db), before), 'no row is harmed')
      t.match(db.prepare('pragma integrity_check').all(), [{ integrity_check: 'ok' }])
      db.close()
      file.close()
    }
  },
)
