import {
  type ExpandedTile,
  expandTile,
  hashBytes,
  type ReadTile,
  type TileCoordinates,
  tileWidth,
} from '@custody/transparency'
import type { LogTables } from '../append/log-tables.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'

/** Tiles that are kept expanded, of 16 KiB at the most: enough for the upper levels of 16 million events. */
const KEPT = 256

const tile = statement<LogTables, { level: number; index: number }>()((db, p) =>
  db
    .selectFrom('tiles')
    .select('hashes')
    .where('level', '=', p('level'))
    .where('idx', '=', p('index')),
)

const leaves = statement<LogTables, { from: number; to: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select('leaf_hash')
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position'),
)

const records = statement<LogTables, { from: number; to: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select('record')
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position'),
)

/** Positions of the first `width` leaves under a tile of level 0. */
function positions(index: number, width: number): { from: number; to: number } {
  const first = index * tileWidth + 1
  return { from: first, to: first + width - 1 }
}

/**
 * The bytes of the first `width` hashes of a tile. Of level 0 only full tiles are kept, so a partial one is made of the
 * leaf hashes of its events. Shorter than asked for where the log does not reach so far.
 */
export async function readTile(
  sql: Sql,
  { level, index, width }: TileCoordinates,
): Promise<Uint8Array> {
  const row = await sql.get(tile, { level, index })
  if (row) return row.hashes.subarray(0, width * hashBytes)
  if (level > 0) return new Uint8Array()
  const rows = await sql.all(leaves, positions(index, width))
  return Buffer.concat(rows.map(({ leaf_hash }) => leaf_hash))
}

/** The records beside the first `width` hashes of a tile of level 0, as they are stored. */
export async function readEntries(
  sql: Sql,
  { index, width }: Omit<TileCoordinates, 'level'>,
): Promise<Buffer[]> {
  const rows = await sql.all(records, positions(index, width))
  return rows.map(({ record }) => Buffer.from(record))
}

/**
 * Reads tiles for proofs. The first hashes of a tile never change, so what proofs come back to is kept expanded: all
 * above level 0, and the partial tiles at the right edge. A full tile of level 0 is one of many, and read anew.
 *
 * @param sql taken anew for each query
 */
export function createTileReader(sql: () => Sql): ReadTile {
  const kept = new Map<string, ExpandedTile>()
  return async (wanted) => {
    const { level, index, width } = wanted
    if (level === 0 && width === tileWidth) return await readTile(sql(), wanted)
    const key = `${level}/${index}/${width}`
    const known = kept.get(key)
    if (known) {
      kept.delete(key)
      kept.set(key, known)
      return known
    }
    const hashes = await readTile(sql(), wanted)
    // The log does not reach so far yet; the proof fails, and tells so.
    if (hashes.length < width * hashBytes) return hashes
    const expanded = expandTile(hashes)
    kept.set(key, expanded)
    const [oldest] = kept.keys()
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return expanded
  }
}
