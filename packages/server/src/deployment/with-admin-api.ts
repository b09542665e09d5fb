import { CustodyError, quote } from '@custody/domain/errors'
import type { Logger } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { runningServer } from './running-server.ts'

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
  // Loaded here only: most commands find a server, and all of one takes longer to load than they take
  const { runServer } = await import('./run-server.ts')
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
  const running = await runningServer(dataDir)
  if (!running) return undefined
  return adminApi(running.address, running.token)
}

function adminApi(address: string, token: string): AdminApi {
  function isGone(cause: unknown): never {
    throw new CustodyError(
      'server_unreachable',
      `The server at ${quote(address)} has stopped, or the connection broke: what it was asked for may be done, or not.`,
      { cause },
    )
  }

  async function call(method: string, path: string, body?: unknown) {
    const response = await ask(method, `/v1/organization${path}`, body)
    return (await response.json().catch(isGone)) as Record<string, unknown>
  }

  async function ask(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(isGone)
    if (response.ok) return response
    const { error } = (await response.json().catch(isGone)) as {
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
      try {
        if (body) yield* body
      } catch (error) {
        isGone(error)
      }
    },
    async log(path) {
      const response = await ask('GET', `/v1/log${path}`)
      return await response.text().catch(isGone)
    },
  }
}
