import type { Bench } from '../bench.ts'
import { type TimedGet, timesInTurn } from './times-in-turn.ts'

/** Requests of each kind in a round. */
const REQUESTS = 200

/** Files of every page that is asked for. */
export const PAGE_FILES = 100

/** How long a page of each list takes: see {@link timesInTurn}. */
export async function pageTimes(
  bench: Bench,
  headers: Readonly<Record<string, string>>,
  urls: { readonly ours: string; readonly reference: string },
): Promise<{ readonly ours: number[]; readonly reference: number[] }> {
  const page = (url: string): TimedGet => ({
    ...{ url, headers },
    problem(_, body) {
      const { data }: { data?: unknown[] } = JSON.parse(body.toString())
      return data?.length === PAGE_FILES ? undefined : body.toString()
    },
  })
  return await timesInTurn(bench, REQUESTS, {
    ours: page(urls.ours),
    reference: page(urls.reference),
  })
}
