import {
  appendLeaves,
  decodeFrontier,
  emptyFrontier,
  encodeFrontier,
  type Frontier,
  frontierRoot,
  hashBytes,
  tileWidth,
  tileWidthAt,
} from '@custody/transparency'
import { type Findings, show } from './finding.ts'
import type { RangeReport } from './range/check-range.ts'
import type { RawLog } from './raw-log.ts'
import { batchesBetween, tileAt, tileKeys } from './raw-rows.ts'

/** Leaves that wait for the frontier of their batch at most; a log without batches must not fill the memory. */
const MAX_OPEN = 65_536

const PAGE = 1000

/** The tree as it grows with the ranges, beside what is stored of it. */
export interface TreeCheck {
  /** Sizes at which the root is wanted, beyond the ranges that were added. */
  want(sizes: readonly number[]): void
  /** The next range, in the order of positions. */
  add(range: RangeReport): Promise<void>
  /** After the last one. @returns the root of all */
  finish(): Promise<Buffer>
}

/** A leaf that its record and the stored hash tell differently, and no tile decides. */
type Undecided = {
  readonly position: number
  readonly index: number
  readonly stored: Buffer
}

/** A batch whose frontier is not that of the events up to it. The next batch tells which of them is wrong. */
type Contradiction = {
  readonly from: number
  readonly to: number
  readonly stored: Buffer
}

/**
 * Recomputes the tree over the leaf hashes and compares the frontier of every batch and every tile. Where
 * something contradicts, it looks for who else agrees with which side, so that it can be named, and goes on with
 * what the most agree upon, so that one changed row is not told again by all that follows it.
 *
 * @param size of the log: the events that are verified
 * @param onRoot is told the root at each size that was wanted, and is up to `size`, in their order
 */
export function checkTree(
  log: RawLog,
  findings: Findings,
  size: number,
  onRoot: (size: number, root: Buffer) => void,
): TreeCheck {
  const { sql } = log
  /** Those that the frontier has not reached, in order. */
  let wanted: readonly number[] = []
  const tiles = tileComparer(log, findings, size)
  let frontier: Frontier = emptyFrontier()
  let open: Buffer[] = []
  let undecided: Undecided[] = []
  /** A leaf among the open ones is known from nowhere. */
  let lost = false
  let contradiction: Contradiction | undefined
  let lastBatch = 0

  const tell = (table: string, key: string, column: string, problem: string) =>
    findings.add({ table, key, column, problem })

  /** Extends the frontier by the open leaves, with a stop at each size whose root is wanted. */
  function grow(from: Frontier, leaves: readonly Buffer[]): Grown {
    const end = from.size + leaves.length
    const stops = wanted.filter((stop) => stop > from.size && stop < end)
    const grown: Grown = { frontier: from, updates: [], roots: [] }
    for (const stop of [...stops, end]) {
      const start = grown.frontier.size - from.size
      const next = appendLeaves(grown.frontier, leaves.slice(start, stop - from.size))
      grown.frontier = next.frontier
      grown.updates.push(...next.tiles)
      if (wanted.includes(stop)) grown.roots.push([stop, frontierRoot(next.frontier)])
    }
    return grown
  }

  async function settle(grown: Grown, next: Frontier = grown.frontier): Promise<void> {
    for (const [stop, root] of grown.roots) {
      onRoot(stop, stop === next.size ? frontierRoot(next) : root)
    }
    frontier = next
    if ((wanted[0] ?? size) <= frontier.size) {
      wanted = wanted.filter((stop) => stop > frontier.size)
    }
    open = []
    undecided = []
    lost = false
    await tiles.add(grown.updates)
  }

  /** The leaf of each event: of its record, unless a tile says that the stored hash was the one. */
  async function takeLeaves(range: RangeReport, from: number, to: number): Promise<void> {
    for (let position = from; position <= to; position += 1) {
      const start = (position - range.from) * hashBytes
      open.push(Buffer.from(range.leaves.subarray(start, start + hashBytes)))
    }
    const last = open.length - 1
    const within = (position: number) => position >= from && position <= to
    for (const position of range.missing.filter(within)) {
      const leaf = await tiles.leafAt(position)
      if (leaf) open[last - (to - position)] = leaf
      else lost = true
    }
    for (const { position, stored } of range.doubtful) {
      if (!within(position)) continue
      const index = last - (to - position)
      const computed = open[index]
      const leaf = await tiles.leafAt(position)
      if (computed && leaf?.equals(computed)) tellHash(position, computed, stored)
      else if (leaf?.equals(stored)) {
        tellRecord(position)
        open[index] = leaf
      } else undecided.push({ position, index, stored: Buffer.from(stored) })
    }
  }

  const tellHash = (position: number, computed: Uint8Array, stored: Uint8Array) =>
    findings.add({
      table: 'events',
      key: String(position),
      column: 'leaf_hash',
      problem: 'is not the hash of the record, which the tree holds',
      expected: show(computed),
      found: show(stored),
    })
  const tellRecord = (position: number) =>
    tell(
      'events',
      String(position),
      'record',
      'is not the one whose hash the tree and leaf_hash hold',
    )

  async function close(batch: { position: number; frontier: Uint8Array }): Promise<void> {
    const stored = toBuffer(batch.frontier)
    const first = frontier.size + 1
    let grown = grow(frontier, open)
    if (undecided.length > 0) {
      const isComputed = encodeFrontier(grown.frontier).equals(stored)
      const leaves = [...open]
      for (const { index, stored: leaf } of undecided) leaves[index] = leaf
      const isUsable = undecided.every(({ stored: leaf }) => leaf.length === hashBytes)
      const other = !isComputed && isUsable ? grow(frontier, leaves) : undefined
      const isStored =
        other !== undefined && encodeFrontier(other.frontier).equals(stored)
      for (const { position, index, stored: leaf } of undecided) {
        if (isComputed) tellHash(position, open[index] ?? leaf, leaf)
        else if (isStored) tellRecord(position)
        else {
          tell(
            'events',
            String(position),
            'record',
            'and leaf_hash contradict each other',
          )
        }
      }
      if (other && isStored) grown = other
      else if (!isComputed) lost = true
    }
    if (encodeFrontier(grown.frontier).equals(stored)) {
      tellBatch()
      return await settle(grown)
    }
    const adopted = decode(batch.position, stored)
    // What was told of a leaf already contradicts the frontier by itself.
    if (lost && adopted) return await settle(grown, adopted)
    if (contradiction) {
      const before = decode(contradiction.to, contradiction.stored)
      const other = before && grow(before, open)
      if (other && encodeFrontier(other.frontier).equals(stored)) {
        tellEvents(contradiction)
        contradiction = undefined
        return await settle(other)
      }
      tellBatch()
    }
    contradiction = { from: first, to: batch.position, stored }
    return await settle(grown)
  }

  /** The events agree with the batches after it: it was the batch that is wrong. */
  function tellBatch(): void {
    if (!contradiction) return
    const { to } = contradiction
    tell('log_batches', String(to), 'frontier', 'is not that of the events up to it')
    contradiction = undefined
  }

  function tellEvents({ from, to }: Contradiction): void {
    const problem = `are not those of which the batch at ${to}, and those after it, hold the frontier`
    tell('events', from === to ? String(to) : `${from}..${to}`, 'record', problem)
  }

  return {
    want(sizes) {
      if (sizes.length === 0) return
      wanted = [...new Set([...wanted, ...sizes])].sort((one, other) => one - other)
    },
    async add(range) {
      let from = range.from
      for (const batch of await sql.all(batchesBetween, { from, to: range.to })) {
        await takeLeaves(range, from, batch.position)
        await close(batch)
        lastBatch = batch.position
        from = batch.position + 1
      }
      await takeLeaves(range, from, range.to)
      if (open.length > MAX_OPEN) await settle(grow(frontier, open))
    },
    async finish() {
      if (open.length > 0) await settle(grow(frontier, open))
      if (lastBatch < size) {
        const problem = 'is missing: no batch ends at the last event'
        findings.add({ table: 'log_batches', key: String(size), problem })
      }
      if (contradiction) {
        const { from, to } = contradiction
        tell(
          'log_batches',
          String(to),
          'frontier',
          `is not that of the events up to it: either is wrong, it or one of the events ${from}..${to}`,
        )
      }
      await tiles.finish()
      return frontierRoot(frontier)
    },
  }
}

type LastPositions = { readonly event: number | null; readonly batch: number | null }

type Grown = {
  frontier: Frontier
  readonly updates: ReturnType<typeof appendLeaves>['tiles'][number][]
  readonly roots: [number, Buffer][]
}

/** Compares tiles as they fill, and those of the right edge at the end. */
function tileComparer(log: RawLog, findings: Findings, size: number) {
  const { sql } = log
  /** By level: the hashes of the tile that is being filled. */
  const growing: { index: number; parts: Buffer[]; width: number }[] = []
  let kept: { readonly idx: number; readonly hashes: Uint8Array | undefined } | undefined

  async function compare(level: number, idx: number, expected: Buffer): Promise<void> {
    const key = `${level}/${idx}`
    const row = await sql.get(tileAt, { level, idx })
    if (!row) {
      findings.add({ table: 'tiles', key, problem: 'is missing' })
      return
    }
    const found = toBuffer(row.hashes)
    // Beside a writer, a partial tile has grown: by just what is there by now.
    const width = tileWidthAt(level, idx, sizeAt(row))
    const wrong = (problem: string) =>
      findings.add({ table: 'tiles', key, column: 'hashes', problem })
    if (found.length !== width * hashBytes) {
      wrong(`has ${found.length} bytes, and ${width} hashes of ${hashBytes} are due`)
      return
    }
    if (found.subarray(0, expected.length).equals(expected)) return
    for (let start = 0; start < expected.length; start += hashBytes) {
      const end = start + hashBytes
      if (found.subarray(start, end).equals(expected.subarray(start, end))) continue
      const entry = start / hashBytes
      const span = tileWidth ** level
      const first = (idx * tileWidth + entry) * span + 1
      wrong(
        level === 0
          ? `entry ${entry} is not the leaf hash of event ${first}`
          : `entry ${entry} is not the root of the events ${first}..${first + span - 1}`,
      )
    }
  }

  return {
    async add(updates: Grown['updates']) {
      for (const { level, index, hashes } of updates) {
        growing[level] ??= { index, parts: [], width: 0 }
        const tile = growing[level]
        tile.parts.push(hashes)
        tile.width += hashes.length / hashBytes
        if (tile.width < tileWidth) continue
        await compare(level, tile.index, Buffer.concat(tile.parts))
        growing[level] = { index: index + 1, parts: [], width: 0 }
      }
    },
    /** The leaf hash of an event by its tile, where there is one. */
    async leafAt(position: number): Promise<Buffer | undefined> {
      const idx = Math.floor((position - 1) / tileWidth)
      if (tileWidthAt(0, idx, size) < tileWidth) return undefined
      if (kept?.idx !== idx) {
        const row = await sql.get(tileAt, { level: 0, idx })
        kept = { idx, hashes: row && toBuffer(row.hashes) }
      }
      const start = ((position - 1) % tileWidth) * hashBytes
      const leaf = kept.hashes?.subarray(start, start + hashBytes)
      return leaf?.length === hashBytes ? Buffer.from(leaf) : undefined
    },
    async finish() {
      for (const [level, tile] of growing.entries()) {
        if (level === 0 || tile.width === 0) continue
        await compare(level, tile.index, Buffer.concat(tile.parts))
      }
      for (let level = Number.MIN_SAFE_INTEGER, idx = 0; ; ) {
        const keys = await sql.all(tileKeys, { level, idx, limit: PAGE })
        for (const key of keys) {
          if (isDue(key)) continue
          findings.add({
            table: 'tiles',
            key: `${key.level}/${key.idx}`,
            problem: 'a tile that the log has not',
          })
        }
        const last = keys.at(-1)
        if (!last || keys.length < PAGE) return
        level = last.level
        idx = last.idx
      }
    },
  }

  /** How long the log was when a row was read: beside a writer it grows. */
  function sizeAt({ event, batch }: LastPositions): number {
    return Math.max(size, Math.min(Number(event), Number(batch), Number.MAX_SAFE_INTEGER))
  }

  function isDue(key: LastPositions & { level: number; idx: number }): boolean {
    const { level, idx } = key
    if (!Number.isSafeInteger(level) || level < 0 || level > 6) return false
    if (!Number.isSafeInteger(idx) || idx < 0) return false
    const width = tileWidthAt(level, idx, sizeAt(key))
    return level === 0 ? width === tileWidth : width > 0
  }
}

/** The hashes of a frontier row; undefined where they are not those of any log of this size. */
function decode(size: number, bytes: Uint8Array): Frontier | undefined {
  try {
    return decodeFrontier(size, bytes)
  } catch {
    return undefined
  }
}

/** Bytes of a column that should hold some; of a value of another type, none. */
function toBuffer(value: unknown): Buffer {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.alloc(0)
}
