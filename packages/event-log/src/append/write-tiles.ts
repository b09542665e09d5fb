import type { TileUpdate } from '@custody/transparency'
import { insertion } from '../sql/insertion.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { LogTables, TileRow } from './log-tables.ts'

/** Hashes in a full tile (C2SP tlog-tiles). */
const TILE_WIDTH = 256

const find = statement<LogTables, { level: number; idx: number }>()((db, p) =>
  db
    .selectFrom('tiles')
    .select('hashes')
    .where('level', '=', p('level'))
    .where('idx', '=', p('idx')),
)

const put = insertion<TileRow>('tiles', ['level', 'idx', 'hashes'], {
  suffix: 'on conflict (level, idx) do update set hashes = excluded.hashes',
})

const leafHashes = statement<LogTables, { from: number; to: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select('leaf_hash')
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position'),
)

/**
 * Keeps the tiles in step with the events, which must be written already.
 *
 * A tile of level 0 is written once, when it is full: until then its hashes are those of the events
 * themselves. Tiles above it change once in 256 events, and are written as they grow.
 */
export async function writeTiles(
  sql: Sql,
  updates: readonly TileUpdate[],
): Promise<void> {
  for (const { level, index, offset, hashes } of updates) {
    const full = offset + hashes.length / 32 === TILE_WIDTH
    if (level === 0 && !full) continue
    await sql.insert(put, [
      { level, idx: index, hashes: await wholeTile(sql, level, index, offset, hashes) },
    ])
  }
}

async function wholeTile(
  sql: Sql,
  level: number,
  index: number,
  offset: number,
  hashes: Uint8Array,
): Promise<Uint8Array> {
  if (offset === 0) return hashes
  if (level === 0) {
    const first = index * TILE_WIDTH + 1
    const rows = await sql.all(leafHashes, { from: first, to: first + offset - 1 })
    return Buffer.concat([...rows.map((row) => row.leaf_hash), hashes])
  }
  const row = await sql.get(find, { level, idx: index })
  if (row?.hashes.length !== offset * 32) {
    throw new TypeError(
      `Tile ${level}/${index} does not hold the ${offset} hashes that it should`,
    )
  }
  return Buffer.concat([row.hashes, hashes])
}
