import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { type ApiClient, apiClient } from './api-client.ts'
import {
  type CommandResult,
  commandOf,
  custody,
  custodyHere,
  environment,
  type Settings,
  testSettings,
} from './run-custody.ts'
import { makeTemporaryFolder, removeFolder } from './temporary-folder.ts'
import { until } from './until.ts'

export type ServerOptions = {
  /** Where it was before, to start it again. Default: a new folder. */
  readonly dataDir?: string
  /** Further settings; undefined takes one away that tests have by default. */
  readonly env?: Settings
  /** Flags of `serve`. */
  readonly flags?: readonly string[]
}

/** A server in a process of its own, started through its command line. */
export interface TestServer {
  /** `http://127.0.0.1:41234` */
  readonly address: string
  readonly dataDir: string
  readonly pid: number
  /** Key of the project `default`, with every scope. */
  readonly apiKey: string
  readonly adminKey: string
  /** Lines that it has logged so far. */
  readonly logs: readonly string[]
  /** Lines that it has printed so far. */
  readonly printed: readonly string[]
  /** With the key of the project `default`. */
  readonly api: ApiClient
  /** With the admin key. */
  readonly admin: ApiClient
  /** With another key, or none. */
  as(key?: string): ApiClient
  /** Makes a project with one key. */
  createProject(project?: NewProject): Promise<TestProject>
  /** Runs a command on the same data folder. */
  custody(...args: readonly string[]): Promise<CommandResult>
  /** The same, in this process: see the function `custodyHere`. */
  custodyHere(...args: readonly string[]): Promise<CommandResult>
  /** Asks it to stop, and waits until it has. Resolves to its exit code. */
  stop(): Promise<number | null>
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>
  /** Resolves to its exit code when it has ended, for whatever reason. */
  readonly ended: Promise<number | null>
}

export type NewProject = {
  readonly name?: string
  /** How its API looks on the wire. Default: that of the project `default`. */
  readonly dialect?: string
  readonly limits?: object
  readonly scopes?: readonly string[]
}

export type TestProject = {
  readonly id: string
  readonly key: string
  readonly keyId: string
  readonly accountId: string
  readonly api: ApiClient
}

/** Starts a server that ends with the test, like its data folder unless that was given. */
export async function startServer(
  t: Test,
  options: ServerOptions = {},
): Promise<TestServer> {
  const dataDir = options.dataDir ?? makeTemporaryFolder()
  let server: TestServer | undefined
  let isOver = false
  const end = async () => {
    isOver = true
    await server?.kill()
    if (options.dataDir === undefined) removeFolder(dataDir)
  }
  t.teardown(end)
  server = await spawnServer({ ...options, dataDir })
  // A test that ran out of time while its server started has nobody left to end it.
  if (isOver) await end()
  return server
}

/** Starts a server; the caller sees to its end. @throws Error with what it logged when it does not start */
export async function spawnServer(
  options: ServerOptions & { readonly dataDir: string },
): Promise<TestServer> {
  const { dataDir } = options
  const settings: Settings = {
    ...testSettings,
    CUSTODY_DATA_DIR: dataDir,
    ...options.env,
  }
  const child = spawn(...commandOf(['serve', ...(options.flags ?? [])], options.env), {
    env: environment(settings),
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // A test that is cut off must not leave its servers behind.
  const killIt = () => child.kill('SIGKILL')
  process.once('exit', killIt)
  const logs: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => logs.push(line))
  const printed: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => printed.push(line))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      process.removeListener('exit', killIt)
      resolve(code)
    })
  })
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error('the process has no id')

  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  let address: string
  try {
    address = await until('the start of the server', () => {
      if (hasEnded) throw new Error('the server ended while it started')
      return addressOf(dataDir, pid)
    })
  } catch (error) {
    await kill()
    throw new Error(`${error}\n${logs.join('\n')}`, { cause: error })
  }

  const secret = (file: string) =>
    readFileSync(join(dataDir, 'secrets', file), 'utf8').trim()
  const apiKey = settings.CUSTODY_API_KEY ?? secret('api-key')
  const adminKey = settings.CUSTODY_ADMIN_KEY ?? secret('admin-key')
  const admin = apiClient(address, adminKey)
  return {
    address,
    dataDir,
    pid,
    apiKey,
    adminKey,
    logs,
    printed,
    api: apiClient(address, apiKey),
    admin,
    as: (key) => apiClient(address, key),
    createProject: (project) => createProject(address, admin, project),
    custody: (...args) => custody(args, { dataDir, env: options.env ?? {} }),
    custodyHere: (...args) => custodyHere(args, { dataDir, env: options.env ?? {} }),
    async stop() {
      child.kill('SIGTERM')
      return await ended
    },
    kill,
    ended,
  }
}

/** What `run/server.json` says, once this process has written it. */
function addressOf(dataDir: string, pid: number): string | undefined {
  try {
    const found = JSON.parse(readFileSync(join(dataDir, 'run', 'server.json'), 'utf8'))
    return found.pid === pid ? found.address : undefined
  } catch {
    return undefined
  }
}

async function createProject(
  address: string,
  admin: ApiClient,
  { name = 'A project', dialect, limits, scopes }: NewProject = {},
): Promise<TestProject> {
  const project = await post<{ id: string }>(admin, '/projects', {
    name,
    ...(dialect !== undefined && { dialect }),
    ...(limits && { limits }),
  })
  const account = await post<{ id: string; api_key: { id: string; value: string } }>(
    admin,
    `/projects/${project.id}/service_accounts`,
    { name: 'A service account', ...(scopes && { scopes }) },
  )
  const { id: keyId, value: key } = account.api_key
  const api = apiClient(address, key)
  return { id: project.id, key, keyId, accountId: account.id, api }
}

async function post<T>(admin: ApiClient, path: string, body: object): Promise<T> {
  const answer = await admin.call('POST', `/v1/organization${path}`, { body })
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return answer.json<T>()
}
