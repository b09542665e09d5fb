import { tileWidth } from '../merkle/append-leaves.ts'
import { isSize } from '../merkle/sizes.ts'
import { MalformedError } from '../text/malformed-error.ts'

/** What a path of a tiled log names. */
export type TilePath = {
  /** From 0 to 63, or `entries` for the records beside the tiles of level 0. */
  readonly level: number | 'entries'
  /** Which of its level, from 0. */
  readonly index: number
  /** Hashes or entries in it: from 1 to 256. With fewer than 256 it is partial. */
  readonly width: number
}

const maxLevel = 63
const form =
  /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/

/**
 * The path of a tile, or of an entry bundle, below the prefix of the log: `tile/1/x001/x234/067`,
 * `tile/entries/273.p/112`.
 * @param width of a partial one: from 1 to 256, which is full and the default
 * @throws RangeError if a number is out of its bounds
 * @see https://c2sp.org/tlog-tiles#merkle-tree
 */
export function tilePath(
  level: number | 'entries',
  index: number,
  width: number = tileWidth,
): string {
  if (level !== 'entries' && !(isSize(level) && level <= maxLevel)) {
    throw new RangeError(
      `the level of a tile is an integer from 0 to ${maxLevel}, not ${level}`,
    )
  }
  if (!isSize(index)) {
    throw new RangeError(
      `the index of a tile is an integer from 0 to 2^53 − 1, not ${index}`,
    )
  }
  if (!(isSize(width) && width >= 1 && width <= tileWidth)) {
    throw new RangeError(
      `the width of a tile is an integer from 1 to ${tileWidth}, not ${width}`,
    )
  }
  const digits = `${index}`
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.replace(/...(?=.)/g, 'x$&/')
  const partial = width < tileWidth ? `.p/${width}` : ''
  return `tile/${level}/${groups}${partial}`
}

/**
 * Reads the path of a tile or an entry bundle. Each has one path: `tilePath` gives the same again.
 * @throws MalformedError for anything that is not exactly of the form
 */
export function parseTilePath(path: string): TilePath {
  const [, level = '', groups = '', width] = form.exec(path) ?? []
  const tile: TilePath = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  }
  if (level === '' || !isCanonical(tile, path)) {
    throw new MalformedError(
      'path of a tile',
      'tile/<level or entries>/<index>, and .p/<1 to 255> if it is partial',
      path,
    )
  }
  return tile
}

function isCanonical({ level, index, width }: TilePath, path: string): boolean {
  const inBounds = (level === 'entries' || level <= maxLevel) && isSize(index)
  return (
    inBounds && width >= 1 && width <= tileWidth && tilePath(level, index, width) === path
  )
}
