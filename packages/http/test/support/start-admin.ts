import type { AdminUseCases } from '@custody/service'
import type { Test } from 'tap'
import { adminKey } from './open-service.ts'
import { readJson } from './read-json.ts'
import { type ServerSettings, startServer, type TestServer } from './start-server.ts'

export type AdminServer = TestServer & {
  /** A request with the admin key, under `/v1/organization`. */
  ask(method: string, path: string, body?: unknown, headers?: object): Promise<Response>
  /** The projects that were made since the server's own, the oldest first. */
  projectsSince(): Promise<readonly object[]>
}

export type AdminSettings = Pick<ServerSettings, 'on'> & {
  /** The use cases in place of the service's, made of them. */
  readonly watch?: (admin: AdminUseCases) => AdminUseCases
}

/** A server with the routes of administration and of events. A text as body is sent as it is, without a content type. */
export async function startAdmin(
  t: Test,
  { watch = (admin) => admin, ...settings }: AdminSettings = {},
): Promise<AdminServer> {
  const server = await startServer(t, {
    ...settings,
    parts: ({ admin, history }) => ({ admin: watch(admin), history }),
  })
  const ask: AdminServer['ask'] = (method, path, body, headers) =>
    server.fetch(`/v1/organization${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(typeof body === 'object' && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : {
            body: typeof body === 'string' ? Buffer.from(body) : JSON.stringify(body),
          }),
    })
  return {
    ...server,
    ask,
    async projectsSince() {
      const query = `after=${server.project}&include_archived=true`
      const page = await readJson<{ data: readonly object[] }>(
        await ask('GET', `/projects?${query}`),
      )
      return page.data
    },
  }
}
