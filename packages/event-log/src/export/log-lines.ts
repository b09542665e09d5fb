import { canonicalJson, tileWidth, tileWidthAt } from '@custody/transparency'
import type { PrivateRow } from '../append/log-tables.ts'
import type { Sql } from '../sql/sql.ts'
import {
  batchesBetween,
  eventsBetween,
  privatesBetween,
  tileAt,
} from '../verify/raw-rows.ts'

/** Positions that are read at once: some milliseconds, and no read transaction outlives them. */
const PAGE = 256

/** An event as an export has it; bytes are base64. See docs/formats.md. */
export type EventLine = {
  readonly record: string
  readonly leaf_hash: string
  /** Groups that were not erased. */
  readonly private: Readonly<
    Record<string, { readonly salt: string; readonly body: string }>
  >
}

/** A batch, after its last event. */
export type BatchLine = {
  readonly position: number
  readonly frontier: string
  readonly time: string
  readonly writer_epoch: number
  readonly projections: string
  readonly chain: string
}

export type TileLine = {
  readonly level: number
  readonly index: number
  readonly hashes: string
}

/**
 * Events from one position to another, inclusive, with what is private of them and their batches: lines of
 * canonical JSON without line ends, a page at a time. Nothing is verified.
 */
export async function* readLogLines(
  sql: Sql,
  range: { readonly from: number; readonly to: number },
  signal?: AbortSignal,
): AsyncGenerator<string[]> {
  for (let from = range.from; from <= range.to; from += PAGE) {
    signal?.throwIfAborted()
    const args = { from, to: Math.min(from + PAGE - 1, range.to) }
    // What is erased in between is missing, and the export goes on until the event that says so.
    const events = await sql.all(eventsBetween, args)
    const privates = await sql.all(privatesBetween, args)
    const batches = await sql.all(batchesBetween, args)
    const groups = Map.groupBy(privates, ({ position }) => position)
    const lines: string[] = []
    let next = 0
    for (const { position, record, leaf_hash } of events) {
      const event: EventLine = {
        record,
        leaf_hash: base64(leaf_hash),
        private: privateLines(groups.get(position) ?? []),
      }
      lines.push(canonicalJson({ event }))
      for (
        ;
        (batches[next]?.position ?? Number.POSITIVE_INFINITY) <= position;
        next += 1
      ) {
        const row = batches[next]
        if (!row) break
        const { frontier, chain } = row
        const batch: BatchLine = {
          ...row,
          frontier: base64(frontier),
          chain: base64(chain),
        }
        lines.push(canonicalJson({ batch }))
      }
    }
    yield lines
  }
}

/** The tiles of a log of this size, in the order of level and index: those that are stored, cut to the size. */
export async function* readTileLines(
  sql: Sql,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  for (let level = 0; level === 0 || tileWidthAt(level, 0, size) > 0; level += 1) {
    for (let index = 0; ; index += 1) {
      signal?.throwIfAborted()
      const width = tileWidthAt(level, index, size)
      // Of level 0 only full tiles are stored.
      if (width < (level === 0 ? tileWidth : 1)) break
      const row = await sql.get(tileAt, { level, idx: index })
      if (!row) continue
      const hashes = base64(row.hashes.subarray(0, width * 32))
      const tile: TileLine = { level, index, hashes }
      yield canonicalJson({ tile })
    }
  }
}

function privateLines(rows: readonly PrivateRow[]): EventLine['private'] {
  return Object.fromEntries(
    rows.map(({ grp, salt, body }) => [grp, { salt: base64(salt), body }]),
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
