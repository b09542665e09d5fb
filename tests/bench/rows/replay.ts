import { join } from 'node:path'
import { logWork } from '../filled-log/log-work.ts'
import type { Row } from './row.ts'

export const replay: Row = {
  name: 'replay',
  about: 'the whole index built again beside the log, and compared row by row',
  async measure(bench) {
    const { database } = await bench.filledLog()
    const scratch = join(bench.folder('replay'), 'replay.db')
    const values = await bench.inTurn({
      read: () => logWork(bench.nodeFlags, { task: 'read', database }),
      replay: () => logWork(bench.nodeFlags, { task: 'replay', database, scratch }),
    })
    return {
      comparisons: [
        {
          name: 'replay / reading and JSON.parse alone',
          unit: 'events/s',
          ours: values.replay,
          reference: values.read,
          by: 'ratio',
          bound: { atLeast: 0.4 },
        },
      ],
    }
  },
}
