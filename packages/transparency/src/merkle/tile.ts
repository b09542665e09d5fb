import type { MaybePromise } from '../maybe-promise.ts'
import { tileHeight, tileWidth } from './append-leaves.ts'
import { hashBytes, hashPairs } from './hash.ts'
import { checkSize } from './sizes.ts'

/** Which tile, and how much of it. */
export type TileCoordinates = {
  /** From 0, which holds leaf hashes; an entry of level L is the root of 256^L leaves. */
  readonly level: number
  /** Which tile of its level, from 0. */
  readonly index: number
  /** Hashes in it: from 1 to 256. A tile with fewer than 256 is partial. */
  readonly width: number
}

/**
 * Gives a tile: the bytes of its first `width` hashes, or what {@link expandTile} made of them.
 * More than `width` may come of a tile that has grown since; the rest is not looked at.
 *
 * A full tile never changes, so whoever reads may keep it. Those above level 0 are few (16 in a log
 * of a million events), and kept expanded they save most of the hashing that a proof takes.
 */
export type ReadTile = (tile: TileCoordinates) => MaybePromise<Uint8Array | ExpandedTile>

/** A tile with the inner nodes that follow from its hashes. */
export type ExpandedTile = {
  readonly width: number
  /** Layer 0 is the hashes of the tile; layer r the roots of each 2^r of them, one after the other. */
  readonly layers: readonly Uint8Array[]
}

/**
 * Computes the inner nodes of a tile.
 * @param hashes the bytes of 1 to 256 hashes
 * @throws RangeError for another number of bytes
 */
export function expandTile(hashes: Uint8Array): ExpandedTile {
  const width = hashes.length / hashBytes
  if (!Number.isInteger(width) || width < 1 || width > tileWidth) {
    throw new RangeError(
      `a tile has 1 to ${tileWidth} hashes of ${hashBytes} bytes, not ${hashes.length} bytes`,
    )
  }
  const layers: Uint8Array[] = [hashes]
  for (let count = width, below = hashes; count > 1; count = Math.floor(count / 2)) {
    below = hashPairs(below, count)
    layers.push(below)
  }
  return { width, layers }
}

/**
 * How many hashes a tile has in a log of `treeSize` leaves: from 0, where there is no such tile, to
 * 256, where it is full.
 * @throws RangeError if the size is not an integer from 0 to 2^53 − 1
 * @see https://c2sp.org/tlog-tiles#partial-tiles
 */
export function tileWidthAt(level: number, index: number, treeSize: number): number {
  checkSize(treeSize)
  const entries = Math.floor(treeSize / tileWidth ** level)
  return Math.max(0, Math.min(tileWidth, entries - index * tileWidth))
}

/** Where a complete subtree of 2^height leaves is found: in which tile, layer, and place of the layer. */
export function locateSubtree(height: number, index: number) {
  const layer = height % tileHeight
  const perTile = tileWidth / 2 ** layer
  return {
    level: (height - layer) / tileHeight,
    index: Math.floor(index / perTile),
    layer,
    offset: index % perTile,
  }
}
