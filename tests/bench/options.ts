import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Options = {
  /** Names of the rows to measure; none: all. */
  readonly rows: readonly string[]
  /** Measurements of each contender; the table shows medians. Default 5. */
  readonly rounds: number
  /** Seconds of load in each measurement with `wrk`. Default 5. */
  readonly seconds: number
  /** Files of the log that all rows share that need a long one, from `deep-list` on. Default 1,000,000. */
  readonly files: number
  /** MiB of the files that are large; `parts-upload` and `last-range` have files of eight times as much. Default 512. */
  readonly largeMiB: number
  /** Folder on the disk to measure; a temporary folder is made in it, and removed. */
  readonly dir: string | undefined
  /** The result as JSON on standard output, in place of the table. */
  readonly json: boolean
  /** Writes CPU profiles of Custody's processes. */
  readonly profile: boolean
  readonly help: boolean
}

export const USAGE = `npm run bench -- [row …] [options]

  --rounds N    measurements of each contender, default 5
  --seconds N   of load in each measurement with wrk, default 5
  --files N     files of the log that the rows share that need a long one, default 1000000
  --large MIB   of large files, default 512; parts-upload and last-range take eight times as much
  --dir FOLDER  a folder on the disk to measure, default node_modules/.cache
  --json        print the result as JSON
  --profile     write CPU profiles of Custody's processes
`

/** @throws Error for an unknown option or a number that is none */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      files: { type: 'string', default: '1000000' },
      large: { type: 'string', default: '512' },
      dir: { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { dir, json, profile, help } = values
  return {
    rows: positionals,
    rounds: toCount('rounds', values.rounds, 1),
    seconds: toCount('seconds', values.seconds, 1),
    files: toCount('files', values.files, 1000),
    largeMiB: toCount('large', values.large, 8),
    dir,
    json,
    profile,
    help,
  }
}

function toCount(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`--${name} is an integer of at least ${least}, not '${text}'`)
}
