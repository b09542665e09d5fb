import { Agent, get } from 'node:http'
import type { Bench } from '../bench.ts'
import { median } from '../comparison.ts'

/** Requests of each kind in a round. */
const REQUESTS = 50

/** A part of a content: first byte, and byte after the last. */
export type Range = { readonly start: number; readonly end: number }

/**
 * Milliseconds from the request to the last byte of the answer, one request at a time, the two ranges in turn: the
 * median of each round.
 */
export async function rangeTimes(
  bench: Bench,
  {
    url,
    headers,
  }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  ranges: { readonly ours: Range; readonly reference: Range },
): Promise<{ readonly ours: number[]; readonly reference: number[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  const time = ({ start, end }: Range) =>
    new Promise<number>((resolve, reject) => {
      const started = performance.now()
      const asked = { ...headers, range: `bytes=${start}-${end - 1}` }
      get(url, { agent, headers: asked }, (response) => {
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        response.on('end', () => {
          const milliseconds = performance.now() - started
          if (bytes === end - start && response.statusCode === 206) resolve(milliseconds)
          else
            reject(new Error(`a range answered ${response.statusCode}, ${bytes} bytes`))
        })
        response.on('error', reject)
      }).on('error', reject)
    })

  const values = { ours: [] as number[], reference: [] as number[] }
  try {
    for (let round = 0; round <= bench.options.rounds; round += 1) {
      await bench.settle()
      const times = { ours: [] as number[], reference: [] as number[] }
      for (let count = 0; count < REQUESTS; count += 1) {
        times.reference.push(await time(ranges.reference))
        times.ours.push(await time(ranges.ours))
      }
      // Round 0 warms up.
      if (round === 0) continue
      const [ours, reference] = [median(times.ours), median(times.reference)]
      values.ours.push(ours)
      values.reference.push(reference)
      bench.report(
        `  round ${round}  reference ${reference.toFixed(2)} ms, ours ${ours.toFixed(2)} ms`,
      )
    }
  } finally {
    agent.destroy()
  }
  return values
}
