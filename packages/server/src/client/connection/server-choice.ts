import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import type { CommandContext } from '../../terminal/command-context.ts'

/** The server that a client talks to. */
export type ServerChoice = {
  /** With the path that all routes begin with: `http://127.0.0.1:8080/v1`. */
  readonly base: URL
  readonly key: string | undefined
  /** Where the key comes from. */
  readonly keySource: string
}

export type ServerFlags = {
  readonly url?: string
  readonly key?: string
  readonly dataDir?: string
}

/** Whether a flag or the environment names a server. */
export function namesServer(context: CommandContext, { url }: ServerFlags): boolean {
  const { CUSTODY_URL, OPENAI_BASE_URL } = context.env
  return url !== undefined || Boolean(CUSTODY_URL || OPENAI_BASE_URL)
}

/**
 * The server of `--url`, `CUSTODY_URL` or `OPENAI_BASE_URL`, else the one that serves the data folder, with the key
 * of the project `default`. A key of the environment goes to the server that it belongs to by its name first, and the
 * key of a data folder to no other server than its own.
 *
 * @throws CustodyError `invalid_value`, `invalid_configuration`, `data_folder_unusable`
 */
export async function chooseServer(
  context: CommandContext,
  flags: ServerFlags,
): Promise<ServerChoice> {
  const { CUSTODY_URL, OPENAI_BASE_URL, CUSTODY_API_KEY, OPENAI_API_KEY } = context.env
  const given: Candidate = [flags.key, '--key']
  const own: Candidate = [CUSTODY_API_KEY, 'CUSTODY_API_KEY']
  const others: Candidate = [OPENAI_API_KEY, 'OPENAI_API_KEY']
  // An empty variable is none; an empty flag is a mistake, which must not reach another server
  if (flags.url !== undefined) {
    return { base: parseBase(flags.url, '--url'), ...firstKey([given, own, others]) }
  }
  // Who names a folder means its server
  if (flags.dataDir === undefined) {
    if (CUSTODY_URL) {
      const base = parseBase(CUSTODY_URL, 'CUSTODY_URL')
      return { base, ...firstKey([given, own, others]) }
    }
    if (OPENAI_BASE_URL) {
      const base = parseBase(OPENAI_BASE_URL, 'OPENAI_BASE_URL')
      return { base, ...firstKey([given, others, own]) }
    }
  }

  // Only now: a server that is named needs neither
  const { configOf } = await import('../../config/config-of.ts')
  const { runningServer } = await import('../../deployment/running-server.ts')
  const { dataDir, secretsDir, apiKey } = configOf(context, {
    ...(flags.dataDir !== undefined && { dataDir: flags.dataDir }),
  })
  const running = await runningServer(dataDir)
  if (!running) {
    throw new CustodyError(
      'data_folder_unusable',
      `No server serves ${quote(dataDir)}: start one there, or name one with --url, CUSTODY_URL or OPENAI_BASE_URL.`,
    )
  }
  const file = join(secretsDir, 'api-key')
  const first = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  const base = parseBase(running.address, 'run/server.json')
  const keys: Candidate[] = [given, [apiKey, 'the configuration'], [first, file], others]
  return { base, ...firstKey(keys) }
}

type Candidate = readonly [value: string | undefined, source: string]

function firstKey(
  candidates: readonly Candidate[],
): Pick<ServerChoice, 'key' | 'keySource'> {
  const isGiven = ([value, source]: Candidate) =>
    source === '--key' ? value !== undefined : Boolean(value)
  const [key, keySource = ''] = candidates.find(isGiven) ?? []
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new CustodyError(
      'invalid_value',
      `The key of ${keySource} is none: it is empty, or has other characters than visible ASCII ones.`,
    )
  }
  return { key, keySource }
}

/** `http://host` is taken for `http://host/v1`; any other path is as it is. */
function parseBase(text: string, source: string): URL {
  const base = URL.parse(text.trim())
  if (!base || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new CustodyError(
      'invalid_value',
      `${source} is ${quote(text)}; it must be an address that begins with http:// or https://.`,
    )
  }
  if (base.username || base.password) {
    throw new CustodyError(
      'invalid_value',
      `${source} holds a user or a password, which no key can stand beside: leave them out.`,
    )
  }
  base.hash = ''
  base.pathname = base.pathname.replace(/\/+$/, '') || '/v1'
  return base
}
