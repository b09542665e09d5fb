import { CustodyError } from '@custody/domain/errors'
import type { EventChoice, Transparency } from '@custody/service'
import type Router from '@koa/router'
import { sendBytes } from '../../answers/send-bytes.ts'
import {
  authorizeAdmin,
  authorizeAuditor,
  authorizeProject,
} from '../../auth/authorize.ts'
import type { Dialect } from '../../dialects/dialect.ts'
import { checkParameters } from '../../fields/query/known-parameters.ts'
import { singleParameter } from '../../fields/query/single-parameter.ts'
import { parseInteger } from '../../fields/values/parse-integer.ts'
import { parsePosition } from '../../fields/values/positions.ts'
import { missingParameter } from '../../fields/values/single-field.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext, RequestState } from '../../request-context.ts'
import { fileIdOf } from '../files/file-id-of.ts'

const scope = 'api.audit.read'
const prefix = '/v1/log/'
const plainText = { 'content-type': 'text/plain; charset=utf-8' }
const octets = { 'content-type': 'application/octet-stream' }

/**
 * What the log proves of itself, in the texts of C2SP: the same in every dialect, but for ids and errors. A project sees
 * its own events by its own positions; the admin key sees all, by those of the log.
 *
 * @see https://c2sp.org/tlog-tiles
 */
export function addLogRoutes(
  router: Router<RequestState>,
  { authenticate }: Pick<HttpDependencies, 'authenticate'>,
  transparency: Transparency,
): void {
  router.get(`${prefix}key`, async (context) => {
    await authorizeAuditor(context, authenticate, undefined)
    sendBytes(context, `${transparency.verifierKey}\n`, plainText)
  })

  router.get(`${prefix}checkpoint`, async (context) => {
    await authorizeAuditor(context, authenticate, scope)
    sendBytes(context, await transparency.checkpoint(), plainText)
  })

  router.get(/^\/v1\/log\/tile\/.+$/, async (context) => {
    const path = context.path.slice(prefix.length)
    if (path.startsWith('tile/entries/')) await authorizeAdmin(context, authenticate)
    else await authorizeAuditor(context, authenticate, scope)
    const { bytes, full } = await transparency.tile(path)
    sendBytes(context, bytes, { ...octets, ...(full && keepForEver) })
  })

  router.get(`${prefix}consistency`, async (context) => {
    await authorizeAuditor(context, authenticate, scope)
    const query = queryOf(context, ['from'])
    const from = singleParameter(query, 'from')
    if (!from) throw missingParameter('from')
    const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER }
    const size = parseInteger(from, 'from', bounds)
    sendBytes(context, await transparency.consistency(size), plainText)
  })

  router.get(`${prefix}proof`, async (context) => {
    const asker = await authorizeAuditor(context, authenticate, scope)
    const choice = choiceOf(queryOf(context, ['file', 'position']), context.state.dialect)
    sendBytes(context, await transparency.proof(asker, choice), plainText)
  })

  router.get('/v1/files/:file/proof', async (context) => {
    const principal = await authorizeProject(context, authenticate, scope)
    const choice = fileChoice(context.params.file ?? '', 'id', context.state.dialect)
    sendBytes(context, await transparency.proof(principal, choice), plainText)
  })

  router.get('/v1/files/:file/receipt', async (context) => {
    const principal = await authorizeProject(context, authenticate, scope)
    const choice = fileChoice(context.params.file ?? '', 'id', context.state.dialect)
    sendBytes(context, await transparency.receipt(principal, choice), {
      'content-type': 'application/json',
    })
  })
}

/** Not for caches that others see, too: the answer was for one key. */
const keepForEver = { 'cache-control': 'private, max-age=31536000, immutable' }

function queryOf(context: RequestContext, known: readonly string[]): URLSearchParams {
  const query = new URLSearchParams(context.querystring)
  checkParameters(query, new Set(known))
  return query
}

function choiceOf(query: URLSearchParams, dialect: Dialect): EventChoice {
  const file = singleParameter(query, 'file')
  const position = singleParameter(query, 'position')
  if (file && position) {
    throw new CustodyError(
      'invalid_value',
      "'file' and 'position' are two events. Name one of them.",
      { param: 'position' },
    )
  }
  if (file) return fileChoice(file, 'file', dialect)
  if (position) return { position: parsePosition(position, 'position') }
  throw missingParameter('file')
}

function fileChoice(idAsSent: string, param: string, dialect: Dialect): EventChoice {
  return { file: fileIdOf(dialect, idAsSent, param), idAsSent, param }
}
