import { Agent, get, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { Bench } from '../bench.ts'
import { median } from '../comparison.ts'

/** A GET, and what its answer must be. */
export type TimedGet = {
  readonly url: string
  readonly headers: OutgoingHttpHeaders
  /** Why the answer is not the one that was asked for; undefined: it is. */
  readonly problem: (response: IncomingMessage, body: Buffer) => string | undefined
}

/**
 * Milliseconds from the request to the last byte of the answer, one request at a time, the two kinds in turn: the
 * median of each round.
 *
 * @param requests of each kind in a round
 */
export async function timesInTurn(
  bench: Bench,
  requests: number,
  gets: { readonly ours: TimedGet; readonly reference: TimedGet },
): Promise<{ readonly ours: number[]; readonly reference: number[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  const time = ({ url, headers, problem }: TimedGet) =>
    new Promise<number>((resolve, reject) => {
      const started = performance.now()
      get(url, { agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const milliseconds = performance.now() - started
          const wrong = problem(response, Buffer.concat(chunks))
          if (wrong === undefined) resolve(milliseconds)
          else reject(new Error(`${url} answered ${response.statusCode}: ${wrong}`))
        })
        response.on('error', reject)
      }).on('error', reject)
    })

  const values = { ours: [] as number[], reference: [] as number[] }
  try {
    for (let round = 0; round <= bench.options.rounds; round += 1) {
      await bench.settle()
      const times = { ours: [] as number[], reference: [] as number[] }
      for (let count = 0; count < requests; count += 1) {
        times.reference.push(await time(gets.reference))
        times.ours.push(await time(gets.ours))
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
