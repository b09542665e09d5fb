import { batchForm } from '../load/upload-form.ts'
import { missingWrk, wrk } from '../load/wrk.ts'
import type { Row } from './row.ts'

export const noise: Row = {
  name: 'noise',
  about: 'R1 beside a second R1: how far the same thing is from itself on this machine',
  async measure(bench) {
    const missing = await missingWrk()
    if (missing !== undefined) return { comparisons: [], missing }
    const folder = bench.folder('load')
    const start = () =>
      bench.startReference('koa-upload', {
        BENCH_FOLDER: bench.folder('r1'),
        BENCH_FSYNC: 'yes',
      })
    const [one, other] = [await start(), await start()]
    const load = (address: string) =>
      wrk(
        { url: `${address}/v1/files`, method: 'POST', ...batchForm() },
        { seconds: bench.options.seconds, folder },
      )
    const values = await bench.inTurn({
      one: () => load(one.address),
      other: () => load(other.address),
    })
    return {
      comparisons: [
        {
          name: 'noise: R1 / R1',
          unit: 'requests/s',
          ours: values.one,
          reference: values.other,
          by: 'ratio',
        },
      ],
    }
  },
}
