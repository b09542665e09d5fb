import { Agent, get } from 'node:http'
import { median } from '../comparison.ts'
import type { Row } from './row.ts'

/** Requests of each kind in a round. */
const REQUESTS = 200

/** The deep page begins after this share of all files. */
const DEPTH = 0.9

export const deepList: Row = {
  name: 'deep-list',
  about: 'a page of 100 files, nine tenths down the list',
  async measure(bench) {
    const log = await bench.filledLog()
    const custody = await bench.startCustody({ dataDir: log.dataDir })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const { files } = bench.options
    const depth = Math.floor(files * DEPTH)
    // The newest come first.
    const after = log.idOf(files - depth)
    const first = `${custody.address}/v1/files?limit=100`
    const deep = `${first}&after=${after}`

    /** Milliseconds from the request to the last byte of the answer. */
    const time = (url: string) =>
      new Promise<number>((resolve, reject) => {
        const started = performance.now()
        get(url, { agent, headers: custody.headers }, (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (part: string) => {
            text += part
          })
          response.on('end', () => {
            const milliseconds = performance.now() - started
            const { data }: { data?: unknown[] } = JSON.parse(text)
            if (data?.length === 100) resolve(milliseconds)
            else reject(new Error(`${url} answered ${response.statusCode}: ${text}`))
          })
          response.on('error', reject)
        }).on('error', reject)
      })

    const ours: number[] = []
    const reference: number[] = []
    try {
      for (let round = 0; round <= bench.options.rounds; round += 1) {
        await bench.settle()
        const times: { readonly first: number[]; readonly deep: number[] } = {
          first: [],
          deep: [],
        }
        for (let count = 0; count < REQUESTS; count += 1) {
          times.first.push(await time(first))
          times.deep.push(await time(deep))
        }
        // Round 0 warms up.
        if (round === 0) continue
        reference.push(median(times.first))
        ours.push(median(times.deep))
        bench.report(
          `  round ${round}  first ${median(times.first).toFixed(2)} ms, deep ${median(times.deep).toFixed(2)} ms`,
        )
      }
    } finally {
      agent.destroy()
    }
    return {
      comparisons: [
        {
          name: `deep-list at ${depth.toLocaleString('en-US')} of ${files.toLocaleString('en-US')} / the first page`,
          unit: 'ms',
          ours,
          reference,
          by: 'ratio',
          bound: { atMost: 1.5 },
        },
      ],
    }
  },
}
