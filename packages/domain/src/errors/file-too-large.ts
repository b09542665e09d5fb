import { CustodyError } from './custody-error.ts'

const units = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const

/** What is told of a file that is over a limit. */
export type TooLarge = {
  /** What the file has; `at least` where the rest was not read. */
  readonly bytes: number | `at least ${number}`
  /** Inclusive. */
  readonly limit: number
  /** What takes no more, such as `purpose 'batch'`. */
  readonly setBy: string
  /** Default: `file`. */
  readonly param?: string
}

/** The refusal of a file that is over a limit: the same words wherever it is found. */
export function fileTooLarge({ bytes, limit, setBy, param = 'file' }: TooLarge) {
  return new CustodyError(
    'file_too_large',
    `The file is too large: ${setBy} takes at most ${limit} bytes${inUnits(limit)}, and this one has ${bytes}.`,
    { param },
  )
}

function inUnits(bytes: number): string {
  const unit = units.find(([, size]) => bytes >= size)
  return unit ? ` (${Math.round((bytes / unit[1]) * 10) / 10} ${unit[0]})` : ''
}
