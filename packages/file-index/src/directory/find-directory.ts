import type { ApiKeyState, ProjectState, ServiceAccountState } from '@custody/domain'
import { type MaybePromise, type Sql, statement } from '@custody/event-log'
import { toApiKeyState, toProjectState, toServiceAccountState } from './directory-rows.ts'
import type { DirectoryTables } from './directory-tables.ts'

const project = statement<DirectoryTables, { id: string }>()((db, p) =>
  db.selectFrom('projects').selectAll().where('id', '=', p('id')),
)

const account = statement<DirectoryTables, { id: string }>()((db, p) =>
  db.selectFrom('service_accounts').selectAll().where('id', '=', p('id')),
)

const key = statement<DirectoryTables, { id: string }>()((db, p) =>
  db.selectFrom('api_keys').selectAll().where('id', '=', p('id')),
)

const keyByHash = statement<DirectoryTables, { sha256: string }>()((db, p) =>
  db.selectFrom('api_keys').selectAll().where('sha256', '=', p('sha256')),
)

const keysOfAccount = statement<DirectoryTables, { account: string }>()((db, p) =>
  db
    .selectFrom('api_keys')
    .selectAll()
    .where('account', '=', p('account'))
    .where('revoked_at', 'is', null)
    .orderBy('position'),
)

function map<A, B>(
  value: MaybePromise<A | undefined>,
  to: (value: A) => B,
): MaybePromise<B | null> {
  if (value instanceof Promise) return value.then((row) => (row ? to(row) : null))
  return value ? to(value) : null
}

/** The project, archived or not, or null. */
export function findProject(sql: Sql, id: string): MaybePromise<ProjectState | null> {
  return map(sql.get(project, { id }), toProjectState)
}

/** The account, deleted or not, or null. */
export function findServiceAccount(
  sql: Sql,
  id: string,
): MaybePromise<ServiceAccountState | null> {
  return map(sql.get(account, { id }), toServiceAccountState)
}

/** The key with this id, revoked or not, or null. */
export function findApiKey(sql: Sql, id: string): MaybePromise<ApiKeyState | null> {
  return map(sql.get(key, { id }), toApiKeyState)
}

/** The key with this SHA-256 (lower-case hex), unless it was revoked. */
export function findApiKeyByHash(
  sql: Sql,
  sha256: string,
): MaybePromise<ApiKeyState | null> {
  return map(sql.get(keyByHash, { sha256 }), toApiKeyState)
}

/** The account's keys that are not revoked. */
export async function findKeysOfAccount(sql: Sql, id: string): Promise<ApiKeyState[]> {
  return (await sql.all(keysOfAccount, { account: id })).map(toApiKeyState)
}
