import { logWork } from '../filled-log/log-work.ts'
import type { Row } from './row.ts'

export const verify: Row = {
  name: 'verify',
  about: 'everything that the log says of itself computed again, the database checked',
  async measure(bench) {
    const { database, dataDir } = await bench.filledLog()
    const values = await bench.inTurn({
      hash: () => logWork(bench.nodeFlags, { task: 'hash', database }),
      verify: () => logWork(bench.nodeFlags, { task: 'verify', dataDir }),
    })
    return {
      comparisons: [
        {
          name: 'verify / reading and SHA-256 alone',
          unit: 'events/s',
          ours: values.verify,
          reference: values.hash,
          by: 'ratio',
          bound: { atLeast: 0.5 },
        },
      ],
    }
  },
}
