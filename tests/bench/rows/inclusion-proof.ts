import { Agent, get } from 'node:http'
import { median } from '../comparison.ts'
import type { Row } from './row.ts'

/** Requests of each kind in a round. */
const REQUESTS = 500

/** Steps through all files so that those that are asked for one after the other lie far apart. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

export const inclusionProof: Row = {
  name: 'inclusion-proof',
  about: 'the proof that an upload is in the log, with its checkpoint',
  async measure(bench) {
    const log = await bench.filledLog()
    const custody = await bench.startCustody({ dataDir: log.dataDir })
    const { files, rounds } = bench.options
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    let asked = 0
    const nextFile = () => {
      asked += 1
      return `${custody.address}/v1/files/${log.idOf(Math.floor(((asked * GOLDEN) % 1) * files))}`
    }

    /** Milliseconds from the request to the last byte of the answer. */
    const time = (url: string) =>
      new Promise<number>((resolve, reject) => {
        const started = performance.now()
        get(url, { agent, headers: custody.headers }, (response) => {
          response.on('data', () => {})
          response.on('end', () => {
            if (response.statusCode === 200) resolve(performance.now() - started)
            else reject(new Error(`${url} answered ${response.statusCode}`))
          })
          response.on('error', reject)
        }).on('error', reject)
      })

    const values = { ours: [] as number[], reference: [] as number[] }
    try {
      for (let round = 0; round <= rounds; round += 1) {
        await bench.settle()
        const times = { ours: [] as number[], reference: [] as number[] }
        for (let count = 0; count < REQUESTS; count += 1) {
          times.reference.push(await time(nextFile()))
          times.ours.push(await time(`${nextFile()}/proof`))
        }
        // Round 0 warms up.
        if (round === 0) continue
        const [ours, reference] = [median(times.ours), median(times.reference)]
        values.ours.push(ours)
        values.reference.push(reference)
        bench.report(
          `  round ${round}  GET ${reference.toFixed(2)} ms, proof ${ours.toFixed(2)} ms`,
        )
      }
    } finally {
      agent.destroy()
    }
    return {
      comparisons: [
        {
          name: `inclusion-proof among ${files.toLocaleString('en-US')} events / GET of a file`,
          unit: 'ms',
          ...values,
          by: 'ratio',
          bound: { atMost: 2 },
        },
      ],
    }
  },
}
