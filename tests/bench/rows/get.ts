import { uploadOne } from '../load/upload-one.ts'
import { CONNECTIONS, missingWrk, wrk } from '../load/wrk.ts'
import type { Row } from './row.ts'

export const get: Row = {
  name: 'get',
  about: `GET of one file, over ${CONNECTIONS} connections`,
  async measure(bench) {
    const missing = await missingWrk()
    if (missing !== undefined) return { comparisons: [], missing }

    const custody = await bench.startCustody()
    const { id, json } = await uploadOne(custody, { kind: 'random', bytes: 4096 })
    const reference = await bench.startReference('koa-constant', { BENCH_JSON: json })
    const folder = bench.folder('load')
    const load = (address: string) =>
      wrk(
        { url: `${address}/v1/files/${id}`, method: 'GET', headers: custody.headers },
        { seconds: bench.options.seconds, folder },
      )
    const values = await bench.inTurn({
      R4: () => load(reference.address),
      custody: () => load(custody.address),
    })
    return {
      comparisons: [
        {
          name: 'get / R4 (Koa, a route with a constant)',
          unit: 'requests/s',
          ours: values.custody,
          reference: values.R4,
          by: 'ratio',
          bound: { atLeast: 0.6 },
        },
      ],
    }
  },
}
