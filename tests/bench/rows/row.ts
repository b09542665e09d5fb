import type { Bench } from '../bench.ts'
import type { Outcome } from '../table.ts'

/** One row of the benchmark: something that Custody does, beside what it is compared with. */
export type Row = {
  /** As on the command line. */
  readonly name: string
  readonly about: string
  /** @throws Error when something does not work; the other rows go on */
  readonly measure: (bench: Bench) => Promise<Omit<Outcome, 'row'>>
}
