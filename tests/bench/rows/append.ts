import { join } from 'node:path'
import { logWork } from '../filled-log/log-work.ts'
import type { Row } from './row.ts'

/** Uploads of one measurement: some seconds. */
const MAX_FILES = 100_000

const withoutHashing = new URL('../filled-log/without-hashing.ts', import.meta.url).href

export const append: Row = {
  name: 'append',
  about: 'small uploads handed to the log, with and without what makes it tamper-evident',
  async measure(bench) {
    const files = Math.min(bench.options.files, MAX_FILES)
    const measure = (flags: readonly string[]) => () => {
      const database = join(bench.folder('append'), 'custody.db')
      return logWork([...bench.nodeFlags, ...flags], { task: 'append', database, files })
    }
    const values = await bench.inTurn({
      without: measure(['--import', withoutHashing]),
      with: measure([]),
    })
    return {
      comparisons: [
        {
          name: 'append with hashing / without',
          unit: 'events/s',
          ours: values.with,
          reference: values.without,
          by: 'ratio',
          bound: { atLeast: 0.9 },
        },
      ],
    }
  },
}
