import { CustodyError, quote } from '@custody/domain/errors'
import type { Asker, Principal, Scope } from '@custody/service'
import { dialectNamed } from '../dialects/dialects.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext } from '../request-context.ts'
import { credentials } from './credentials.ts'

type Authenticate = HttpDependencies['authenticate']

/**
 * Lets a project's key through that has the scope. From here on the request is answered in the project's dialect.
 *
 * @throws CustodyError 401 or 403
 */
export async function authorizeProject(
  context: RequestContext,
  authenticate: Authenticate,
  scope: Scope,
): Promise<Principal> {
  const found = await authenticate(credentials(context.req.headers))
  if (found.kind === 'refused') throw refused(context, found.dialect)
  if (found.kind === 'admin') {
    throw new CustodyError(
      'insufficient_permissions',
      "The admin key serves '/v1/organization' and '/v1/log' only. Use a key of a project here.",
    )
  }
  return admit(context, found.principal, scope)
}

/**
 * Lets the admin key through, and a project's key that has the scope; `undefined`: any good key.
 *
 * @throws CustodyError 401 or 403
 */
export async function authorizeAuditor(
  context: RequestContext,
  authenticate: Authenticate,
  scope: Scope | undefined,
): Promise<Asker> {
  const found = await authenticate(credentials(context.req.headers))
  if (found.kind === 'refused') throw refused(context, found.dialect)
  return found.kind === 'admin' ? 'admin' : admit(context, found.principal, scope)
}

function admit(
  context: RequestContext,
  principal: Principal,
  scope: Scope | undefined,
): Principal {
  context.state.dialect = dialectNamed(principal.project.dialect)
  const project = context.req.headers['openai-project']
  // An empty one names no project
  if (project && project !== principal.project.id) {
    throw new CustodyError(
      'mismatched_project',
      `OpenAI-Project header should match the project of the API key, but got ${quote(project)}.`,
    )
  }
  if (scope !== undefined) requireScope(principal, scope)
  return principal
}

/** @throws CustodyError `insufficient_permissions` */
export function requireScope({ scopes }: Principal, scope: Scope): void {
  if (scopes.has(scope)) return
  throw new CustodyError(
    'insufficient_permissions',
    `You have insufficient permissions for this operation. Missing scopes: ${scope}.`,
  )
}

/** Lets the admin key through. @returns who it is, as events record it. @throws CustodyError 401 or 403 */
export async function authorizeAdmin(
  context: RequestContext,
  authenticate: Authenticate,
): Promise<string> {
  const found = await authenticate(credentials(context.req.headers))
  if (found.kind === 'refused') throw refused(context, found.dialect)
  if (found.kind === 'admin') return found.actor
  throw new CustodyError(
    'insufficient_permissions',
    'You have insufficient permissions for this operation. It needs the admin key.',
  )
}

function refused(context: RequestContext, dialect: string | undefined): CustodyError {
  if (dialect !== undefined) context.state.dialect = dialectNamed(dialect)
  return new CustodyError(
    'invalid_api_key',
    'Incorrect API key provided: it is unknown, revoked or expired.',
  )
}
