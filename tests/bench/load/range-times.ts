import type { Bench } from '../bench.ts'
import { type TimedGet, timesInTurn } from './times-in-turn.ts'

/** Requests of each kind in a round. */
const REQUESTS = 50

/** A part of a content: first byte, and byte after the last. */
export type Range = { readonly start: number; readonly end: number }

/** How long each range of one content takes: see {@link timesInTurn}. */
export async function rangeTimes(
  bench: Bench,
  {
    url,
    headers,
  }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  ranges: { readonly ours: Range; readonly reference: Range },
): Promise<{ readonly ours: number[]; readonly reference: number[] }> {
  const part = ({ start, end }: Range): TimedGet => ({
    url,
    headers: { ...headers, range: `bytes=${start}-${end - 1}` },
    problem({ statusCode }, { length }) {
      return length === end - start && statusCode === 206 ? undefined : `${length} bytes`
    },
  })
  return await timesInTurn(bench, REQUESTS, {
    ours: part(ranges.ours),
    reference: part(ranges.reference),
  })
}
