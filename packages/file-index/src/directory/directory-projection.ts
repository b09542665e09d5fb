import {
  type ApiKeyState,
  evolveApiKey,
  evolveProject,
  evolveServiceAccount,
  type PlacedEvent,
  type ProjectState,
  type ServiceAccountState,
} from '@custody/domain'
import {
  insertion,
  type LogEvent,
  type MaybePromise,
  type Projection,
  type ProjectionBatch,
  type Sql,
} from '@custody/event-log'
import { toApiKeyRow, toProjectRow, toServiceAccountRow } from './directory-rows.ts'
import type { ApiKeyRow, ProjectRow, ServiceAccountRow } from './directory-tables.ts'
import {
  findApiKey,
  findKeysOfAccount,
  findProject,
  findServiceAccount,
} from './find-directory.ts'

/** What decisions about projects, accounts and keys read, with what the batch did so far. */
export interface DirectoryBatch extends ProjectionBatch {
  project(id: string): MaybePromise<ProjectState | null>
  serviceAccount(id: string): MaybePromise<ServiceAccountState | null>
  apiKey(id: string): MaybePromise<ApiKeyState | null>
  /** The account's keys that are not revoked. */
  keysOfAccount(id: string): Promise<ApiKeyState[]>
}

/** Projects, service accounts and API keys. */
export const directoryProjection: Projection<DirectoryBatch> = {
  name: 'directory',
  version: 3,
  tables: ['projects', 'service_accounts', 'api_keys'],
  types: [
    'ProjectCreated',
    'ProjectUpdated',
    'ProjectArchived',
    'ServiceAccountCreated',
    'ServiceAccountUpdated',
    'ServiceAccountDeleted',
    'ApiKeyCreated',
    'ApiKeyUpdated',
    'ApiKeyRevoked',
    'PrivateDataErased',
  ],

  async create(sql, table) {
    await sql.exec(`
      create table ${table('projects')} (
        id text primary key,
        position integer not null,
        version integer not null,
        name text,
        dialect text not null,
        limits text not null,
        created_at integer not null,
        archived_at integer
      ) strict, without rowid;
      create table ${table('service_accounts')} (
        id text primary key,
        position integer not null,
        project text not null,
        version integer not null,
        name text,
        scopes text not null,
        created_at integer not null,
        deleted_at integer
      ) strict, without rowid;
      create table ${table('api_keys')} (
        id text primary key,
        position integer not null,
        project text not null,
        version integer not null,
        name text,
        account text,
        scopes text not null,
        sha256 text unique,
        redacted text,
        created_at integer not null,
        expires_at integer,
        uploads_per_minute integer,
        revoked_at integer
      ) strict, without rowid;`)
  },

  async createIndexes(sql, table) {
    const [projects, accounts, keys] = ['projects', 'service_accounts', 'api_keys'].map(
      table,
    )
    await sql.exec(`
      create index ${projects}_in_order on ${projects} (position);
      create index ${accounts}_of_project on ${accounts} (project, position);
      create index ${keys}_of_project on ${keys} (project, position);
      create index ${keys}_of_account on ${keys} (account, position);`)
  },

  open: openBatch,
}

const replacing = (columns: readonly string[]) => ({
  suffix: `on conflict (id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
})

const putProjects = insertion<ProjectRow>(
  'projects',
  ['id', 'position', 'version', 'name', 'dialect', 'limits', 'created_at', 'archived_at'],
  replacing(['version', 'name', 'dialect', 'limits', 'archived_at']),
)

const putAccounts = insertion<ServiceAccountRow>(
  'service_accounts',
  ['id', 'position', 'project', 'version', 'name', 'scopes', 'created_at', 'deleted_at'],
  replacing(['version', 'name', 'scopes', 'deleted_at']),
)

const putKeys = insertion<ApiKeyRow>(
  'api_keys',
  [
    'id',
    'position',
    'project',
    'version',
    'name',
    'account',
    'scopes',
    'sha256',
    'redacted',
    'created_at',
    'expires_at',
    'uploads_per_minute',
    'revoked_at',
  ],
  replacing([
    'version',
    'name',
    'scopes',
    'sha256',
    'redacted',
    'expires_at',
    'uploads_per_minute',
    'revoked_at',
  ]),
)

function openBatch(sql: Sql): DirectoryBatch {
  // Read once in a batch, whether they change or not: every upload asks for its project.
  const projects = new Map<string, ProjectState | null>()
  const changedProjects = new Set<string>()
  const accounts = new Map<string, ServiceAccountState>()
  const keys = new Map<string, ApiKeyState>()

  async function readProject(id: string): Promise<ProjectState | null> {
    const found = await findProject(sql, id)
    projects.set(id, found)
    return found
  }

  function project(id: string): MaybePromise<ProjectState | null> {
    const known = projects.get(id)
    return known === undefined ? readProject(id) : known
  }

  /** It may be another thing's: a file's, most often. */
  async function erase(event: PlacedEvent<'PrivateDataErased'>): Promise<void> {
    const { stream } = event
    const key = keys.get(stream) ?? (await findApiKey(sql, stream))
    if (key) return void keys.set(stream, evolveApiKey(key, event))
    const account = accounts.get(stream) ?? (await findServiceAccount(sql, stream))
    if (account) accounts.set(stream, evolveServiceAccount(account, event))
  }

  return {
    project,
    serviceAccount: (id) => accounts.get(id) ?? findServiceAccount(sql, id),
    apiKey: (id) => keys.get(id) ?? findApiKey(sql, id),

    async keysOfAccount(id) {
      const stored = await findKeysOfAccount(sql, id)
      const merged = new Map(stored.map((key) => [key.id, key]))
      for (const key of keys.values()) if (key.account === id) merged.set(key.id, key)
      return [...merged.values()].filter((key) => key.revokedAt === null)
    },

    async apply(logEvent: LogEvent) {
      const event = logEvent as DirectoryEvent
      const { stream } = event
      switch (event.type) {
        case 'ProjectCreated':
        case 'ProjectUpdated':
        case 'ProjectArchived':
          projects.set(stream, evolveProject(await project(stream), event))
          changedProjects.add(stream)
          return
        case 'ServiceAccountCreated':
        case 'ServiceAccountUpdated':
        case 'ServiceAccountDeleted':
          accounts.set(
            stream,
            evolveServiceAccount(
              accounts.get(stream) ?? (await findServiceAccount(sql, stream)),
              event,
            ),
          )
          return
        case 'PrivateDataErased':
          return await erase(event)
        default:
          keys.set(
            stream,
            evolveApiKey(keys.get(stream) ?? (await findApiKey(sql, stream)), event),
          )
      }
    },

    async flush() {
      const changed: ProjectState[] = []
      for (const id of changedProjects) {
        const state = projects.get(id)
        if (state) changed.push(state)
      }
      await sql.insert(putProjects, changed.map(toProjectRow))
      await sql.insert(putAccounts, [...accounts.values()].map(toServiceAccountRow))
      await sql.insert(putKeys, [...keys.values()].map(toApiKeyRow))
      changedProjects.clear()
      accounts.clear()
      keys.clear()
    },
  }
}

type DirectoryEvent = PlacedEvent<
  | 'ProjectCreated'
  | 'ProjectUpdated'
  | 'ProjectArchived'
  | 'ServiceAccountCreated'
  | 'ServiceAccountUpdated'
  | 'ServiceAccountDeleted'
  | 'ApiKeyCreated'
  | 'ApiKeyUpdated'
  | 'ApiKeyRevoked'
  | 'PrivateDataErased'
>
