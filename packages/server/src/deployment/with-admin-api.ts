import { CustodyError, quote } from '@custody/domain'
import { takeExclusiveLock } from '@custody/event-log'
import type { Logger } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { type DataFolder, layout } from '../data-folder/data-folder.ts'
import {
  readServerFile,
  type RunningServer as ServerAddress,
} from '../data-folder/server-file.ts'
import { runServer } from './run-server.ts'

/** Calls of the administration API. */
export interface AdminApi {
  get(path: string): Promise<Record<string, unknown>>
  post(path: string, body?: unknown): Promise<Record<string, unknown>>
  delete(path: string): Promise<Record<string, unknown>>
  /** The text that `GET /v1/log…` answers. */
  log(path: string): Promise<string>
  /** What a route under `/v1/log` answers, as it comes. */
  logStream(path: string): AsyncIterable<Uint8Array>
}

/**
 * Gives `work` the administration API of the server that serves the data folder; where none does, of one
 * that runs for the time of the command, on a free port of the loopback address.
 */
export async function withAdminApi<T>(
  options: {
    readonly config: Config
    readonly logger: Logger
    readonly cwd: string
  },
  work: (api: AdminApi) => Promise<T>,
): Promise<T> {
  const running = await runningAdminApi(options.config)
  if (running) return await work(running)
  const server = await runServer({
    ...options,
    host: '127.0.0.1',
    port: 0,
    forCommand: true,
    onLost() {},
  })
  try {
    return await work(adminApi(server.address, server.token))
  } finally {
    await server.stop()
  }
}

/** The administration API of the server that serves the data folder; undefined where none does. */
export async function runningAdminApi({
  dataDir,
}: Pick<Config, 'dataDir'>): Promise<AdminApi | undefined> {
  const running = findRunning(layout(dataDir))
  if (!running || !(await answers(running.address))) return undefined
  return adminApi(running.address, running.token)
}

/**
 * The server that serves the folder. A process that died leaves its file behind, and another server may have its
 * address by now: whether it lives, the lock tells.
 */
export function findRunning(folder: DataFolder): ServerAddress | undefined {
  const server = readServerFile(folder)
  if (!server) return undefined
  const lock = takeExclusiveLock(folder.lock)
  lock?.release()
  return lock ? undefined : server
}

/** Whether a server is at an address. */
export async function answers(address: string): Promise<boolean> {
  try {
    const response = await fetch(`${address}/healthz`, {
      signal: AbortSignal.timeout(5000),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

function adminApi(address: string, token: string): AdminApi {
  async function call(method: string, path: string, body?: unknown) {
    const response = await ask(method, `/v1/organization${path}`, body)
    return (await response.json()) as Record<string, unknown>
  }

  async function ask(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (response.ok) return response
    const { error } = (await response.json()) as {
      error?: { message?: string; param?: string | null }
    }
    throw new CustodyError(
      'invalid_value',
      error?.message ?? `The server at ${quote(address)} answered ${response.status}.`,
      { param: error?.param ?? null },
    )
  }
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body ?? {}),
    delete: (path) => call('DELETE', path),
    async *logStream(path) {
      const { body } = await ask('GET', `/v1/log${path}`)
      if (body) yield* body
    },
    log: async (path) => await (await ask('GET', `/v1/log${path}`)).text(),
  }
}
