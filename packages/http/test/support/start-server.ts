import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileView, Principal, ProjectLimits, Scope, Service } from '@custody/service'
import type { Test } from 'tap'
import {
  createHttpServer,
  type HttpDependencies,
  type HttpOptions,
  type HttpServer,
} from '../../src/index.ts'
import { sharedService, type TestService } from './open-service.ts'
import { type WatchedFiles, watchFiles } from './watch-files.ts'

export type ServerSettings = {
  readonly options?: Partial<HttpOptions>
  /** Of the test's project. */
  readonly limits?: ProjectLimits
  /** Of the test's project. Default: `openai`. */
  readonly dialect?: string
  /** What the server gets beside keys and files, or in their place, of what the service has. */
  readonly parts?: (service: Service) => Partial<HttpDependencies>
  /** Default: the one of the test file. */
  readonly on?: TestService
}

export type TestServer = HttpServer & {
  readonly files: WatchedFiles
  readonly service: Service
  /** The folder of the service. */
  readonly folder: string
  readonly port: number
  readonly url: string
  /** The project of the test. */
  readonly project: string
  /** A key of the project that reads and writes. */
  readonly key: string
  /** Who it stands for. */
  readonly principal: Principal
  /** Sentences that were logged at level error. */
  readonly errors: string[]
  /** A request with the key, unless the headers say otherwise. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** A further key of the project. */
  keyWith(...scopes: readonly [Scope, ...Scope[]]): Promise<string>
  /** The files of the project, the oldest first. */
  stored(): Promise<readonly FileView[]>
  /** What uploads have left behind: the project's files, sessions that are open, and bytes that are staged. */
  leftovers(): Promise<string[]>
}

/** A server on a free port with a project of its own, closed when the test ends. */
export async function startServer(
  t: Test,
  { options, limits, dialect, parts, on }: ServerSettings = {},
): Promise<TestServer> {
  const { service, folder } = on ?? (await sharedService())
  const { project, key } = await makeProject(service, {
    ...(limits && { limits }),
    ...(dialect !== undefined && { dialect }),
  })
  const keyWith = (...scopes: readonly Scope[]) => makeKey(service, project, scopes)
  const principal = await principalOf(service, key)
  const files = watchFiles(service.files)
  const errors: string[] = []
  const nothing = () => {}
  const http = createHttpServer(
    {
      authenticate: service.authenticate,
      files,
      health: service.health,
      logger: {
        debug: nothing,
        info: nothing,
        warn: nothing,
        error: (_fields, message) => errors.push(message),
      },
      clock: Date,
      randomId: () => randomBytes(16).toString('hex'),
      defaultDialect: 'openai',
      ...parts?.(service),
    },
    options,
  )
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => http.close(0))
  const url = `http://127.0.0.1:${port}`
  const stored = async () =>
    (await service.files.list(principal, { limit: 10_000, order: 'asc' })).files
  return {
    ...http,
    files,
    service,
    folder,
    port,
    url,
    project,
    key,
    principal,
    errors,
    keyWith,
    stored,
    fetch: (path, init) =>
      fetch(url + path, {
        ...init,
        headers: { authorization: `Bearer ${key}`, ...init?.headers },
      }),
    async leftovers() {
      const staged = await readdir(join(folder, 'staging'))
      return [
        ...(await stored()).map(({ id }) => `file ${id}`),
        ...(files.openSessions === 0 ? [] : [`${files.openSessions} sessions`]),
        ...staged.map((name) => `staged ${name}`),
      ]
    },
  }
}

/** A key of a project that nobody else has. */
export async function foreignKey({ service }: Pick<TestServer, 'service'>) {
  return (await makeProject(service)).key
}

const asAdmin = { actor: 'admin', requestId: 'req_of_a_test' }

async function makeProject(
  service: Service,
  settings: Pick<ServerSettings, 'limits' | 'dialect'> = {},
): Promise<{ project: string; key: string }> {
  const named = { name: 'A test', ...settings }
  const { id: project } = await service.admin.createProject(named, asAdmin)
  const key = await makeKey(service, project, ['api.files.read', 'api.files.write'])
  return { project, key }
}

async function makeKey(
  { admin }: Service,
  project: string,
  scopes: readonly Scope[],
): Promise<string> {
  const account = { name: 'A client', scopes, withoutKey: false }
  const { key } = await admin.createServiceAccount(project, account, asAdmin)
  if (key === null) throw new Error('No key was made')
  return key.value
}

async function principalOf(service: Service, key: string): Promise<Principal> {
  const found = await service.authenticate(key)
  if (found.kind !== 'project') throw new Error('The key is not known')
  return found.principal
}
