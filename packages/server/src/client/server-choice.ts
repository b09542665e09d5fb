import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import { type CommandContext, configOf } from '../commands/command-context.ts'
import { layout } from '../data-folder/data-folder.ts'
import { answers, findRunning } from '../deployment/with-admin-api.ts'

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
  return Boolean(url ?? context.env.CUSTODY_URL) || Boolean(context.env.OPENAI_BASE_URL)
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
  const candidates: [string | undefined, string][] = [[flags.key, '--key']]
  const own: (typeof candidates)[number] = [CUSTODY_API_KEY, 'CUSTODY_API_KEY']
  const others: (typeof candidates)[number] = [OPENAI_API_KEY, 'OPENAI_API_KEY']
  const named: [string | undefined, string][] = [
    [flags.url, '--url'],
    // Who names a folder means its server
    ...(flags.dataDir === undefined
      ? ([
          [CUSTODY_URL, 'CUSTODY_URL'],
          [OPENAI_BASE_URL, 'OPENAI_BASE_URL'],
        ] satisfies [string | undefined, string][])
      : []),
  ]
  for (const [url, source] of named) {
    if (!url) continue
    candidates.push(...(source === 'OPENAI_BASE_URL' ? [others, own] : [own, others]))
    return { base: parseBase(url, source), ...firstKey(candidates) }
  }

  const { dataDir, secretsDir, apiKey } = configOf(context, {
    ...(flags.dataDir !== undefined && { dataDir: flags.dataDir }),
  })
  const running = findRunning(layout(dataDir))
  if (!running || !(await answers(running.address))) {
    throw new CustodyError(
      'data_folder_unusable',
      `No server serves ${quote(dataDir)}: start one there, or name one with --url, CUSTODY_URL or OPENAI_BASE_URL.`,
    )
  }
  candidates.push([apiKey, 'the configuration'])
  const file = join(secretsDir, 'api-key')
  if (existsSync(file)) candidates.push([readFileSync(file, 'utf8').trim(), file])
  candidates.push(others)
  const base = parseBase(running.address, 'run/server.json')
  return { base, ...firstKey(candidates) }
}

function firstKey(
  candidates: readonly (readonly [string | undefined, string])[],
): Pick<ServerChoice, 'key' | 'keySource'> {
  const [key, keySource = ''] = candidates.find(([value]) => value) ?? []
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new CustodyError(
      'invalid_value',
      `The key of ${keySource} is none: it has other characters than visible ASCII ones.`,
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
