import type { ApiKeyState, ProjectState, ServiceAccountState } from '@custody/domain'
import { type Sql, statement } from '@custody/event-log'
import { toApiKeyState, toProjectState, toServiceAccountState } from './directory-rows.ts'
import type { DirectoryTables } from './directory-tables.ts'

/** A page in the order of creation; `after` is the position of the last one seen (0: from the start). */
export type PageQuery = { readonly after: number; readonly limit: number }

const projects = statement<DirectoryTables, { after: number; limit: number }>()((db, p) =>
  db
    .selectFrom('projects')
    .selectAll()
    .where('position', '>', p('after'))
    .orderBy('position')
    .limit(p('limit')),
)

const activeProjects = statement<DirectoryTables, { after: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom('projects')
      .selectAll()
      .where('position', '>', p('after'))
      .where('archived_at', 'is', null)
      .orderBy('position')
      .limit(p('limit')),
)

const accounts = statement<
  DirectoryTables,
  { project: string; after: number; limit: number }
>()((db, p) =>
  db
    .selectFrom('service_accounts')
    .selectAll()
    .where('project', '=', p('project'))
    .where('position', '>', p('after'))
    .where('deleted_at', 'is', null)
    .orderBy('position')
    .limit(p('limit')),
)

const keys = statement<
  DirectoryTables,
  { project: string; after: number; limit: number; now: number }
>()((db, p) =>
  db
    .selectFrom('api_keys')
    .selectAll()
    .where('project', '=', p('project'))
    .where('position', '>', p('after'))
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', p('now'))]))
    .orderBy('position')
    .limit(p('limit')),
)

/** Projects, the oldest first. */
export async function listProjects(
  sql: Sql,
  query: PageQuery & { readonly includeArchived: boolean },
): Promise<ProjectState[]> {
  const { after, limit, includeArchived } = query
  const rows = await sql.all(includeArchived ? projects : activeProjects, {
    after,
    limit,
  })
  return rows.map(toProjectState)
}

/** Accounts that are not deleted. */
export async function listServiceAccounts(
  sql: Sql,
  project: string,
  { after, limit }: PageQuery,
): Promise<ServiceAccountState[]> {
  return (await sql.all(accounts, { project, after, limit })).map(toServiceAccountState)
}

/** Keys that are neither revoked nor expired at `now` (Unix seconds). */
export async function listApiKeys(
  sql: Sql,
  project: string,
  { after, limit, now }: PageQuery & { readonly now: number },
): Promise<ApiKeyState[]> {
  return (await sql.all(keys, { project, after, limit, now })).map(toApiKeyState)
}
