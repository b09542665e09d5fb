import { startEventReaders } from '../load/event-readers.ts'
import { batchForm } from '../load/upload-form.ts'
import { missingWrk, wrk } from '../load/wrk.ts'
import type { Row } from './row.ts'

const READERS = 200

export const liveEvents: Row = {
  name: 'live-events',
  about: `small uploads while ${READERS} readers follow them`,
  async measure(bench) {
    const missing = await missingWrk()
    if (missing !== undefined) return { comparisons: [], missing }

    const form = batchForm()
    const folder = bench.folder('load')
    const custody = await bench.startCustody()
    const load = () =>
      wrk(
        {
          url: `${custody.address}/v1/files`,
          method: 'POST',
          headers: { ...form.headers, ...custody.headers },
          body: form.body,
        },
        { seconds: bench.options.seconds, folder },
      )
    const values = await bench.inTurn({
      alone: load,
      followed: async () => {
        const readers = await startEventReaders(custody, READERS)
        const rate = await load()
        const { events, open } = await readers.stop()
        bench.report(`  each reader got ${events} events; ${open} are still connected`)
        if (open < READERS) throw new Error(`${READERS - open} readers were dropped`)
        return rate
      },
    })
    return {
      comparisons: [
        {
          name: `small-uploads with ${READERS} readers of live events / without`,
          unit: 'requests/s',
          ours: values.followed,
          reference: values.alone,
          by: 'ratio',
          bound: { atLeast: 0.9 },
        },
      ],
    }
  },
}
