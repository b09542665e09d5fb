import {
  type ApiKeyState,
  CustodyError,
  type ProjectState,
  quote,
  type ServiceAccountState,
  SYSTEM_PROJECT,
  toSeconds,
} from '@custody/domain'
import {
  findApiKey,
  findProject,
  findServiceAccount,
  listApiKeys,
  listProjects,
  listServiceAccounts,
} from '@custody/file-index'
import type {
  AdminContext,
  AdminUseCases,
  ApiKeyView,
  NewApiKey,
  NewKeyOptions,
  Page,
  PageQuery,
  ProjectView,
  ServiceAccountView,
} from '../admin-types.ts'
import type { Appender } from '../appender.ts'
import { hashKey, makeKey, redactKey } from '../auth/key-secret.ts'
import type { KeyUses } from '../auth/key-uses.ts'
import type { Scope } from '../auth/principal.ts'
import { sweepOrphans } from '../background/orphan-sweep.ts'
import { isOffered } from '../files/intake/purpose-rules.ts'
import { doOnce } from '../idempotency/idempotency.ts'
import type { ConsumerControl } from '../reactions/consumer-control.ts'
import { DEFAULT_SCOPES, type ServiceEnvironment } from '../service-environment.ts'
import { createIndexRebuilds } from './index-rebuilds.ts'

/** What administration has to do with the rest of the service. */
export type AdminParts = {
  readonly appender: Appender
  readonly consumers: ConsumerControl
  readonly keyUses: Pick<KeyUses, 'lastUse'>
}

/** Administration of one deployment. `defaultDialect`: of projects made without one. */
export function createAdmin(
  environment: Pick<
    ServiceEnvironment,
    'log' | 'logger' | 'blobs' | 'plugins' | 'clock' | 'ids'
  >,
  { appender, consumers, keyUses }: AdminParts,
  defaultDialect: string,
): AdminUseCases {
  const { log, clock, ids } = environment
  const rebuilds = createIndexRebuilds(environment, appender)
  const sql = () => log.reader.sql

  async function requireProject(id: string): Promise<ProjectState> {
    const found = id === SYSTEM_PROJECT ? null : await findProject(sql(), id)
    if (found) return found
    throw new CustodyError('project_not_found', `No such Project object: ${id}`, {
      param: 'id',
    })
  }

  async function requireAccount(
    project: string,
    id: string,
  ): Promise<ServiceAccountState> {
    const found = await findServiceAccount(sql(), id)
    if (found?.project === project && found.deletedAt === null) return found
    throw new CustodyError(
      'service_account_not_found',
      `No such Service Account object: ${id}`,
      {
        param: 'id',
      },
    )
  }

  async function requireKey(project: string, id: string): Promise<ApiKeyState> {
    const found = await findApiKey(sql(), id)
    if (found?.project === project && found.revokedAt === null) return found
    throw new CustodyError('api_key_not_found', `No such API Key object: ${id}`, {
      param: 'id',
    })
  }

  const secondsFromNow = (seconds: number) => Math.floor(clock() / 1000) + seconds

  function newKey(options: NewKeyOptions & { name: string }) {
    const value = makeKey('sk-custody-', ids.random(32))
    const { expiresInSeconds, uploadsPerMinute } = options
    const expiresAt =
      expiresInSeconds === undefined ? null : secondsFromNow(expiresInSeconds)
    return {
      value,
      id: ids.prefixed('key_'),
      name: options.name,
      sha256: hashKey(value),
      redacted: redactKey(value),
      expiresAt,
      ...(uploadsPerMinute !== undefined && { uploadsPerMinute }),
    }
  }

  async function keyView(key: ApiKeyState): Promise<ApiKeyView> {
    const account =
      key.account === null ? null : await findServiceAccount(sql(), key.account)
    return {
      id: key.id,
      name: key.name ?? '',
      createdAt: toSeconds(key.createdAt),
      lastUsedAt: await keyUses.lastUse(key.id),
      expiresAt: key.expiresAt,
      uploadsPerMinute: key.uploadsPerMinute,
      scopes: key.scopes as readonly Scope[],
      redactedValue: key.redacted ?? '',
      owner: account && accountView(account),
    }
  }

  /** One more than asked for tells whether there are more. */
  async function page<State extends { position: number }, View>(
    query: PageQuery,
    findCursor: (id: string) => Promise<{ position: number } | null>,
    read: (page: { after: number; limit: number }) => Promise<State[]>,
    view: (state: State) => View | Promise<View>,
  ): Promise<Page<View>> {
    let after = 0
    if (query.after !== undefined) {
      const cursor = await findCursor(query.after)
      if (!cursor) {
        throw new CustodyError(
          'cursor_not_found',
          `No such object: ${quote(query.after)}`,
          {
            param: 'after',
          },
        )
      }
      after = cursor.position
    }
    const states = await read({ after, limit: query.limit + 1 })
    const items: View[] = []
    for (const state of states.slice(0, query.limit)) items.push(await view(state))
    return { items, hasMore: states.length > query.limit }
  }

  const inProject = (
    found: { project: string; position: number } | null,
    project: string,
  ) => (found?.project === project ? found : null)

  return {
    purposes: (policy) =>
      [...environment.plugins.purposes.values()]
        .filter((purpose) => isOffered(purpose, policy))
        .map(({ name }) => name),
    createProject: (project, context) =>
      doOnce(context.attempt, () => project, {
        async work(once) {
          const { name, dialect = defaultDialect, limits = {} } = project
          const id = ids.prefixed('proj_')
          await appender.append(
            { type: 'CreateProject', id, name, dialect, limits },
            { ...asking(id, context), once },
          )
          return projectView(await requireProject(id))
        },
        tell: async ([created]) =>
          projectView(await requireProject(created?.stream ?? '')),
      }),
    getProject: async (id) => projectView(await requireProject(id)),
    listProjects: ({ includeArchived, ...query }) =>
      page(
        query,
        async (id) => await findProject(sql(), id),
        (one) => listProjects(sql(), { ...one, includeArchived }),
        projectView,
      ),
    async updateProject(id, changes, context) {
      await requireProject(id)
      await appender.append(
        { type: 'UpdateProject', id, ...changes },
        asking(id, context),
      )
      return projectView(await requireProject(id))
    },
    async archiveProject(id, context) {
      await requireProject(id)
      await appender.append({ type: 'ArchiveProject', id }, asking(id, context))
      return projectView(await requireProject(id))
    },

    async createServiceAccount(project, { name, withoutKey, ...options }, context) {
      await requireProject(project)
      const id = ids.prefixed('svc_acct_')
      const scopes = options.scopes ?? DEFAULT_SCOPES
      const key = withoutKey ? null : newKey({ ...options, name: 'Secret Key' })
      const { events } = await appender.append(
        {
          type: 'CreateServiceAccount',
          id,
          name,
          scopes,
          ...(key && {
            key: commanded(key),
          }),
        },
        asking(project, context),
      )
      const createdAt = toSeconds(events[0]?.time ?? 0)
      return {
        account: { id, name, createdAt },
        key: key && shownOnce(key, createdAt),
      }
    },
    async getServiceAccount(project, id) {
      await requireProject(project)
      return accountView(await requireAccount(project, id))
    },
    async listServiceAccounts(project, query) {
      await requireProject(project)
      return await page(
        query,
        async (id) => inProject(await findServiceAccount(sql(), id), project),
        (one) => listServiceAccounts(sql(), project, one),
        accountView,
      )
    },
    async updateServiceAccount(project, id, { name }, context) {
      await requireProject(project)
      await appender.append(
        { type: 'UpdateServiceAccount', id, ...(name !== undefined && { name }) },
        asking(project, context),
      )
      return accountView(await requireAccount(project, id))
    },
    async deleteServiceAccount(project, id, context) {
      await requireProject(project)
      await appender.append(
        { type: 'DeleteServiceAccount', id },
        asking(project, context),
      )
    },

    async createApiKey(project, account, options, context) {
      await requireProject(project)
      const owner = await requireAccount(project, account)
      const key = newKey({ ...options, name: options.name ?? 'Secret Key' })
      const { events } = await appender.append(
        {
          type: 'CreateApiKey',
          account,
          scopes: options.scopes ?? owner.scopes,
          ...commanded(key),
        },
        asking(project, context),
      )
      return shownOnce(key, toSeconds(events[0]?.time ?? 0))
    },
    async getApiKey(project, id) {
      await requireProject(project)
      return await keyView(await requireKey(project, id))
    },
    async listApiKeys(project, query) {
      await requireProject(project)
      const now = Math.floor(clock() / 1000)
      return await page(
        query,
        async (id) => inProject(await findApiKey(sql(), id), project),
        (one) => listApiKeys(sql(), project, { ...one, now }),
        keyView,
      )
    },
    async updateApiKey(project, id, changes, context) {
      await requireProject(project)
      const { scopes, expiresInSeconds, uploadsPerMinute } = changes
      await appender.append(
        {
          type: 'UpdateApiKey',
          id,
          ...(scopes !== undefined && { scopes }),
          ...(expiresInSeconds !== undefined && {
            expiresAt:
              expiresInSeconds === null ? null : secondsFromNow(expiresInSeconds),
          }),
          ...(uploadsPerMinute !== undefined && { uploadsPerMinute }),
        },
        asking(project, context),
      )
      return await keyView(await requireKey(project, id))
    },
    async revokeApiKey(project, id, context) {
      await requireProject(project)
      await appender.append(
        { type: 'RevokeApiKey', id, reason: 'request' },
        asking(project, context),
      )
    },

    async sweep(options) {
      const { outcome, objects, orphans, young, removed, missing } = await sweepOrphans(
        environment,
        options,
      )
      return {
        outcome,
        objects,
        orphans: orphans.length,
        young,
        removed: removed.length,
        missing: missing.slice(0, 1000),
      }
    },
    listProjections: rebuilds.list,
    rebuild: rebuilds.start,

    listConsumers: consumers.list,
    resumeConsumer: consumers.resume,
    skipEvent: consumers.skip,
  }
}

const asking = (project: string, { actor, requestId }: AdminContext) => ({
  project,
  actor,
  requestId,
})

/** A new key without its value, which nobody keeps. */
function commanded<Key extends { readonly value: string }>({
  value: _,
  ...kept
}: Key): Omit<Key, 'value'> {
  return kept
}

function shownOnce(
  key: { id: string; name: string; value: string; expiresAt: number | null },
  createdAt: number,
): NewApiKey {
  return {
    id: key.id,
    name: key.name,
    createdAt,
    expiresAt: key.expiresAt,
    value: key.value,
  }
}

function projectView(state: ProjectState): ProjectView {
  return {
    id: state.id,
    name: state.name ?? '',
    createdAt: toSeconds(state.createdAt),
    archivedAt: state.archivedAt === null ? null : toSeconds(state.archivedAt),
    dialect: state.dialect,
    limits: state.limits,
  }
}

function accountView(state: ServiceAccountState): ServiceAccountView {
  return { id: state.id, name: state.name ?? '', createdAt: toSeconds(state.createdAt) }
}
