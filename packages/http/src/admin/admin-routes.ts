import type { AdminUseCases, KeyChanges, NewKeyOptions } from '@custody/service'
import type Router from '@koa/router'
import { sendJson } from '../answers/send-json.ts'
import { authorizeAdmin } from '../auth/authorize.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import { singleParameter } from '../fields/query/single-parameter.ts'
import { flag } from '../fields/upload/option-kinds.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestState } from '../request-context.ts'
import {
  emptyBody,
  keyChanges,
  newApiKey,
  newProject,
  newServiceAccount,
  projectChanges,
  serviceAccountChanges,
  skippedEvent,
  sweepOptions,
} from './admin-bodies.ts'
import { adminRequest, type Route } from './admin-request.ts'
import {
  presentApiKey,
  presentConsumer,
  presentNewKey,
  presentPage,
  presentProject,
  presentProjection,
  presentServiceAccount,
} from './admin-shapes.ts'
import { checkPurposes } from './check-purposes.ts'
import { addErasureRoutes } from './erasure-routes.ts'
import { addIntegrityRoutes } from './integrity-routes.ts'
import { addMasterKeyRoutes } from './master-key-routes.ts'
import { pageQuery } from './page-query.ts'

/**
 * The routes under `/v1/organization`, as OpenAI's organization API has them, so that `openai.admin.organization` of
 * its SDK works; and the consumers of the log, which are ours.
 */
export function addAdminRoutes(
  router: Router<RequestState>,
  dependencies: HttpDependencies,
  admin: AdminUseCases,
  watch: TransferWatch,
): void {
  const route: Route = (method, path, answer) => {
    router[method](`/v1/organization${path}`, async (context) => {
      const actor = await authorizeAdmin(context, dependencies.authenticate)
      const request = adminRequest(context, context.params, actor, {
        idempotency: dependencies.idempotency,
        watch,
      })
      sendJson(context, 200, await answer(request))
    })
  }
  addProjectRoutes(route, admin, dependencies.defaultDialect)
  addServiceAccountRoutes(route, admin)
  addApiKeyRoutes(route, admin)
  addConsumerRoutes(route, admin)
  addMaintenanceRoutes(route, admin)
  if (dependencies.erasures) addErasureRoutes(route, dependencies.erasures)
  if (dependencies.masterKeys) addMasterKeyRoutes(route, dependencies.masterKeys)
  if (dependencies.integrity) addIntegrityRoutes(route, dependencies.integrity)
}

function addProjectRoutes(
  route: Route,
  admin: AdminUseCases,
  defaultDialect: string,
): void {
  route('post', '/projects', async (request) => {
    const project = await request.body(newProject)
    const { dialect = defaultDialect, limits = {} } = project
    checkPurposes(limits, dialect, admin)
    return presentProject(await request.once((by) => admin.createProject(project, by)))
  })
  route('get', '/projects', async ({ query }) => {
    const archived = singleParameter(query, 'include_archived') ?? 'false'
    const includeArchived = flag.fromText(archived, 'include_archived')
    const page = await admin.listProjects({ ...pageQuery(query), includeArchived })
    return presentPage(page, presentProject)
  })
  route('get', '/projects/:project', async ({ param }) =>
    presentProject(await admin.getProject(param('project'))),
  )
  route('post', '/projects/:project', async ({ admin: by, param, body }) => {
    const changes = await body(projectChanges)
    if (changes.limits) {
      const dialect =
        changes.dialect ?? (await admin.getProject(param('project'))).dialect
      checkPurposes(changes.limits, dialect, admin)
    }
    return presentProject(await admin.updateProject(param('project'), changes, by))
  })
  route('post', '/projects/:project/archive', async ({ admin: by, param, body }) => {
    await body(emptyBody)
    return presentProject(await admin.archiveProject(param('project'), by))
  })
}

function addServiceAccountRoutes(route: Route, admin: AdminUseCases): void {
  const accounts = '/projects/:project/service_accounts'
  route('post', accounts, async (request) => {
    request.refuseIdempotencyKey()
    const { name, create_service_account_only, ...options } =
      await request.body(newServiceAccount)
    const made = await admin.createServiceAccount(
      request.param('project'),
      { name, withoutKey: create_service_account_only === true, ...keyOptions(options) },
      request.admin,
    )
    return {
      ...presentServiceAccount(made.account),
      api_key: made.key === null ? null : presentNewKey(made.key),
    }
  })
  route('get', accounts, async ({ param, query }) => {
    const page = await admin.listServiceAccounts(param('project'), pageQuery(query))
    return presentPage(page, presentServiceAccount)
  })
  route('get', `${accounts}/:account`, async ({ param }) =>
    presentServiceAccount(
      await admin.getServiceAccount(param('project'), param('account')),
    ),
  )
  route('post', `${accounts}/:account`, async ({ admin: by, param, body }) => {
    const { name } = await body(serviceAccountChanges)
    const changes = name === undefined ? {} : { name }
    return presentServiceAccount(
      await admin.updateServiceAccount(param('project'), param('account'), changes, by),
    )
  })
  route('delete', `${accounts}/:account`, async ({ admin: by, param }) => {
    const id = param('account')
    await admin.deleteServiceAccount(param('project'), id, by)
    return { id, object: 'organization.project.service_account.deleted', deleted: true }
  })
  route('post', `${accounts}/:account/api_keys`, async (request) => {
    request.refuseIdempotencyKey()
    const { name, ...options } = await request.body(newApiKey)
    const key = await admin.createApiKey(
      request.param('project'),
      request.param('account'),
      { ...(name === undefined ? undefined : { name }), ...keyOptions(options) },
      request.admin,
    )
    return presentNewKey(key)
  })
}

function addApiKeyRoutes(route: Route, admin: AdminUseCases): void {
  const keys = '/projects/:project/api_keys'
  route('get', keys, async ({ param, query }) => {
    const page = await admin.listApiKeys(param('project'), pageQuery(query))
    return presentPage(page, presentApiKey)
  })
  route('get', `${keys}/:key`, async ({ param }) =>
    presentApiKey(await admin.getApiKey(param('project'), param('key'))),
  )
  route('post', `${keys}/:key`, async ({ admin: by, param, body }) => {
    const { scopes, ...cleared } = await body(keyChanges)
    const changes: KeyChanges = {
      ...(scopes && { scopes }),
      ...(cleared.expires_in_seconds !== undefined && {
        expiresInSeconds: cleared.expires_in_seconds,
      }),
      ...(cleared.uploads_per_minute !== undefined && {
        uploadsPerMinute: cleared.uploads_per_minute,
      }),
    }
    return presentApiKey(
      await admin.updateApiKey(param('project'), param('key'), changes, by),
    )
  })
  route('delete', `${keys}/:key`, async ({ admin: by, param }) => {
    const id = param('key')
    await admin.revokeApiKey(param('project'), id, by)
    return { id, object: 'organization.project.api_key.deleted', deleted: true }
  })
}

function addConsumerRoutes(route: Route, admin: AdminUseCases): void {
  route('get', '/consumers', async () =>
    presentPage({ items: await admin.listConsumers(), hasMore: false }, presentConsumer),
  )
  route('post', '/consumers/:name/resume', async ({ admin: by, param, body }) => {
    await body(emptyBody)
    return presentConsumer(await admin.resumeConsumer(param('name'), by))
  })
  route('post', '/consumers/:name/skip', async ({ admin: by, param, body }) => {
    const { position } = await body(skippedEvent)
    return presentConsumer(await admin.skipEvent(param('name'), position, by))
  })
}

function addMaintenanceRoutes(route: Route, admin: AdminUseCases): void {
  route('post', '/sweep', async ({ body }) => {
    const { dry_run: dryRun = false, force = false } = await body(sweepOptions)
    const result = await admin.sweep({ dryRun, force })
    return { object: 'sweep', ...result }
  })
  route('get', '/projections', async () =>
    presentPage(
      { items: await admin.listProjections(), hasMore: false },
      presentProjection,
    ),
  )
  route('post', '/projections/:name/rebuild', async ({ admin: by, param, body }) => {
    await body(emptyBody)
    const name = param('name')
    await admin.rebuild(name, by)
    return { id: name, object: 'projection', state: 'rebuilding' }
  })
}

function keyOptions(options: {
  scopes?: NewKeyOptions['scopes']
  expires_in_seconds?: number
  uploads_per_minute?: number
}): NewKeyOptions {
  const {
    scopes,
    expires_in_seconds: expiresInSeconds,
    uploads_per_minute: uploadsPerMinute,
  } = options
  return {
    ...(uploadsPerMinute === undefined ? undefined : { uploadsPerMinute }),
    ...(scopes === undefined ? undefined : { scopes }),
    ...(expiresInSeconds === undefined ? undefined : { expiresInSeconds }),
  }
}
