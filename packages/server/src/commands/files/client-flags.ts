import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ServerFlags } from '../../client/connection/server-choice.ts'

/** Flags of every command that is a client of a server. */
export type ClientFlags = ServerFlags & {
  readonly retries?: number
  /** Seconds. */
  readonly timeout?: number
}

export const defaultRetries = 4
/** Seconds. */
export const defaultTimeout = 300

/** Tells a command of the flags. */
export function addClientFlags(command: Command): Command {
  return command
    .option(
      '--url <address>',
      'the server, as http://host:port/v1 (default: CUSTODY_URL, OPENAI_BASE_URL, or the one that serves the data folder)',
    )
    .option(
      '--key <key>',
      'its API key (default: CUSTODY_API_KEY, OPENAI_API_KEY, or the first key of the data folder)',
    )
    .option('--data-dir <folder>', 'the data folder whose server it is')
    .addOption(
      new Option(
        '--retries <number>',
        `attempts after one that failed (default: ${defaultRetries})`,
      ).argParser(integer(0, 100)),
    )
    .addOption(
      new Option(
        '--timeout <seconds>',
        `cut a connection on which nothing moves for so long (default: ${defaultTimeout})`,
      ).argParser(integer(1, 86_400)),
    )
}

export function parallelOption(what: string): Option {
  return new Option('--parallel <number>', what).argParser(integer(1, 64))
}

/** Reads an integer of a flag. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`)
  }
}

const sizes: Readonly<Record<string, number>> = {
  '': 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
}

/** Reads `65536`, `64KiB` or `16MiB`, up to 64 MiB. */
export function partSize(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,9})\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = sizes[unit.toLowerCase()]
  const bytes = factor === undefined ? Number.NaN : Number(digits) * factor
  if (bytes >= 1 && bytes <= 64 * 2 ** 20) return bytes
  throw new InvalidArgumentError(
    'It must be bytes, KiB or MiB, such as 16MiB, and at most 64MiB.',
  )
}

const durations: Readonly<Record<string, number>> = {
  ...{ '': 1, s: 1 },
  ...{ m: 60, h: 3600, d: 86_400 },
}

/** Reads `3600`, `90m`, `12h` or `30d` as seconds; the server says which are too few or too many. */
export function duration(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([smhd]?)$/.exec(text.trim()) ?? []
  const seconds = Number(digits) * (durations[unit] ?? Number.NaN)
  if (seconds >= 1) return seconds
  throw new InvalidArgumentError('It must be seconds, or such as 90m, 12h or 30d.')
}

/** Reads `0-99`, `100-` or `-100`. */
export function byteRange(text: string): string {
  const [, first = '', last = ''] = /^(\d{0,15})-(\d{0,15})$/.exec(text.trim()) ?? []
  const isOne = first !== '' ? last === '' || Number(last) >= Number(first) : last !== ''
  if (isOne) return `${first}-${last}`
  throw new InvalidArgumentError(
    'It must be FIRST-LAST (both count, from 0), FIRST- or -COUNT.',
  )
}

/** Gathers `key=value`, each flag one. */
export function keyValue(
  text: string,
  former: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  const key = text.slice(0, at)
  if (at < 1) throw new InvalidArgumentError('It must be KEY=VALUE.')
  if (Object.hasOwn(former, key)) throw new InvalidArgumentError(`'${key}' came before.`)
  return { ...former, [key]: text.slice(at + 1) }
}
