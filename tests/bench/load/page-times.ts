import { Agent, get } from 'node:http'
import type { Bench } from '../bench.ts'
import { median } from '../comparison.ts'

/** Requests of each kind in a round. */
const REQUESTS = 200

/** Files of every page that is asked for. */
export const PAGE_FILES = 100

/**
 * Milliseconds from the request to the last byte of the answer, one request at a time, the two kinds in turn: the
 * median of each round.
 */
export async function pageTimes(
  bench: Bench,
  headers: Readonly<Record<string, string>>,
  urls: { readonly ours: string; readonly reference: string },
): Promise<{ readonly ours: number[]; readonly reference: number[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  const time = (url: string) =>
    new Promise<number>((resolve, reject) => {
      const started = performance.now()
      get(url, { agent, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('end', () => {
          const milliseconds = performance.now() - started
          const { data }: { data?: unknown[] } = JSON.parse(text)
          if (data?.length === PAGE_FILES) resolve(milliseconds)
          else reject(new Error(`${url} answered ${response.statusCode}: ${text}`))
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
        times.reference.push(await time(urls.reference))
        times.ours.push(await time(urls.ours))
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
