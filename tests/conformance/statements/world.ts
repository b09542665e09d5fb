import {
  type ApiClient,
  makeTemporaryFolder,
  type NewProject,
  removeFolder,
  spawnServer,
  type TestProject,
  type TestServer,
} from '@custody/testkit'

/** What the check of a statement works with. */
export type World = {
  /** Name of the provider's dialect. */
  readonly dialect: string
  /** A server whose default is another dialect. */
  readonly server: TestServer
  /** A project of the provider's dialect, which its statements share. */
  readonly project: TestProject
  readonly api: ApiClient
  /** A further project of the dialect, for what should be alone. */
  newProject(project?: Omit<NewProject, 'dialect'>): Promise<TestProject>
  /** A server whose default is the provider's dialect. */
  ownServer(): Promise<TestServer>
}

/** Servers and projects of the conformance suite, until `close`. */
export type Worlds = {
  /** The server that all dialects share. */
  readonly server: TestServer
  of(dialect: string): Promise<World>
  close(): Promise<void>
}

/** Starts one server for all dialects, and one with a dialect as its default where a check asks for it. */
export async function openWorlds(): Promise<Worlds> {
  const folders: string[] = []
  const servers: TestServer[] = []
  const start = async (dialect: string) => {
    const dataDir = makeTemporaryFolder()
    folders.push(dataDir)
    const server = await spawnServer({ dataDir, env: { CUSTODY_DIALECT: dialect } })
    servers.push(server)
    return server
  }
  const own = new Map<string, Promise<TestServer>>()
  const server = await start('openai')
  return {
    server,
    async of(dialect) {
      const project = await server.createProject({ name: dialect, dialect })
      return {
        dialect,
        server,
        project,
        api: project.api,
        newProject: (options) => server.createProject({ ...options, dialect }),
        ownServer: () => {
          const started = own.get(dialect) ?? start(dialect)
          own.set(dialect, started)
          return started
        },
      }
    },
    async close() {
      await Promise.allSettled(own.values())
      for (const one of servers) await one.kill()
      for (const folder of folders) removeFolder(folder)
    },
  }
}
