import type { Test } from 'tap'
import { MemoryAdmin } from './memory-admin.ts'
import { keys } from './memory-files.ts'
import { startServer, type TestServer } from './start-server.ts'

export type AdminServer = TestServer & {
  readonly admin: MemoryAdmin
  /** A request with the admin key, under `/v1/organization`. */
  ask(method: string, path: string, body?: unknown, headers?: object): Promise<Response>
}

/** A server with administration over memory. A text as body is sent as it is, without a content type. */
export async function startAdmin(t: Test): Promise<AdminServer> {
  const admin = new MemoryAdmin()
  const server = await startServer(t, { admin })
  return {
    ...server,
    admin,
    ask: (method, path, body, headers) =>
      server.fetch(`/v1/organization${path}`, {
        method,
        headers: {
          authorization: `Bearer ${keys.admin}`,
          ...(typeof body === 'object' && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : {
              body: typeof body === 'string' ? Buffer.from(body) : JSON.stringify(body),
            }),
      }),
  }
}
