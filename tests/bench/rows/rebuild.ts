import { logWork } from '../filled-log/log-work.ts'
import type { Row } from './row.ts'

export const rebuild: Row = {
  name: 'rebuild',
  about: 'the index of files built anew in the live log, in slices, until it is live',
  async measure(bench) {
    const { database } = await bench.filledLog()
    const values = await bench.inTurn({
      read: () => logWork(bench.nodeFlags, { task: 'read', database }),
      rebuild: () => logWork(bench.nodeFlags, { task: 'rebuild', database }),
    })
    return {
      comparisons: [
        {
          name: 'rebuild / reading and JSON.parse alone',
          unit: 'events/s',
          ours: values.rebuild,
          reference: values.read,
          by: 'ratio',
          bound: { atLeast: 0.2 },
        },
      ],
    }
  },
}
