import { extendFrontier, type Frontier, type SubtreeRun } from './frontier.ts'

/** The subtree heights that one level of tiles spans. */
export const tileHeight = 8

/** The hashes in a full tile. */
export const tileWidth = 256

/** Hashes to append to one tile. */
export type TileUpdate = {
  /** 0 holds leaf hashes; an entry of level L is the root of 256^L leaves. */
  readonly level: number
  /** Which tile of its level, from 0. */
  readonly index: number
  /** How many hashes the tile has already: from 0 to 255. */
  readonly offset: number
  /** The new ones: 32 bytes each, never more than the tile has room for. */
  readonly hashes: Buffer
}

/** What an append changes. */
export type LeafAppend = {
  readonly frontier: Frontier
  /** In the order of level and index. A tile without new hashes is not among them. */
  readonly tiles: readonly TileUpdate[]
}

/**
 * Appends leaves to a log, by their hashes: gives the next frontier, and what to add to the tiles.
 * No tile is read for it. The given frontier stays as it is.
 * @throws RangeError if a hash is not 32 bytes long, or the frontier contradicts itself
 * @see https://c2sp.org/tlog-tiles for the geometry of the tiles
 */
export function appendLeaves(
  frontier: Frontier,
  leafHashes: readonly Buffer[],
): LeafAppend {
  const extension = extendFrontier(frontier, leafHashes)
  const tiles = extension.completed
    .filter((run) => run.height % tileHeight === 0)
    .flatMap(splitIntoTiles)
  return { frontier: extension.frontier, tiles }
}

function splitIntoTiles(run: SubtreeRun): TileUpdate[] {
  const updates: TileUpdate[] = []
  let start = 0
  while (start < run.hashes.length) {
    const position = run.index + start
    const offset = position % tileWidth
    const end = start + tileWidth - offset
    updates.push({
      level: run.height / tileHeight,
      index: Math.floor(position / tileWidth),
      offset,
      hashes: Buffer.concat(run.hashes.slice(start, end)),
    })
    start = end
  }
  return updates
}
