import { ALL_EVENTS, webhookEventNames } from '@custody/domain'
import type {
  DeliveriesQuery,
  DeliveryView,
  Principal,
  Webhooks,
  WebhookView,
  WebhookWithSecret,
} from '@custody/service'
import type Router from '@koa/router'
import { refuseIdempotencyKey } from '../answers/idempotency-key.ts'
import { sendJson } from '../answers/send-json.ts'
import { authorizeProject } from '../auth/authorize.ts'
import {
  boolean,
  clearable,
  integer,
  object,
  oneOf,
  optional,
  type Reader,
  someOf,
  text,
} from '../body/body-shape.ts'
import { jsonBody } from '../body/json-body.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import { checkParameters } from '../fields/query/known-parameters.ts'
import { singleParameter } from '../fields/query/single-parameter.ts'
import { parseInteger } from '../fields/values/parse-integer.ts'
import { parsePosition } from '../fields/values/positions.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext, RequestState } from '../request-context.ts'

const defaultLimit = 20
const maxLimit = 100
const day = 86_400
const statuses = ['delivered', 'retrying', 'failed'] as const

const named = [ALL_EVENTS, ...webhookEventNames]
const anyName = oneOf([...named, ...webhookEventNames.map((name) => `custody.${name}`)])

/** The names, each once; `custody.file.uploaded` is understood as well. */
const eventList: Reader<string[]> = (value, param) => {
  const given = someOf(anyName, named)(value, param)
  return [...new Set(given.map((name) => name.replace(/^custody\./, '')))]
}

const url = text(2_048)
const description = text(512)

const newWebhook = object({ url, events: eventList, description: optional(description) })
const changes = object({
  url: optional(url),
  events: optional(eventList),
  description: clearable(description),
  enabled: optional(boolean),
})
const replay = object({ from: text(16) })
const rotation = object({ overlap_seconds: optional(integer(0, 7 * day)) })
const parameters = new Set(['limit', 'after', 'status'])

/** Routes under `/v1/webhooks`. The same in every dialect, but for errors. */
export function addWebhookRoutes(
  router: Router<RequestState>,
  { authenticate }: Pick<HttpDependencies, 'authenticate'>,
  webhooks: Webhooks,
  watch: TransferWatch,
): void {
  const owner = (context: RequestContext): Promise<Principal> =>
    authorizeProject(context, authenticate, 'api.webhooks.write')
  const read = async <T>(context: RequestContext, reader: Reader<T>): Promise<T> =>
    reader(await jsonBody(context, watch), '')
  const by = ({ state: { requestId } }: RequestContext) => ({ requestId })

  router.post('/v1/webhooks', async (context) => {
    const principal = await owner(context)
    refuseIdempotencyKey(context.req.headers)
    const webhook = await read(context, newWebhook)
    const made = await webhooks.create(principal, webhook, by(context))
    sendJson(context, 200, presentWithSecret(made))
  })

  router.get('/v1/webhooks', async (context) => {
    const data = (await webhooks.list(await owner(context))).map(presentWebhook)
    sendJson(context, 200, {
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: false,
    })
  })

  const path = '/v1/webhooks/:webhook'

  router.get(path, async (context) => {
    const { webhook: id = '' } = context.params
    sendJson(context, 200, presentWebhook(await webhooks.get(await owner(context), id)))
  })

  router.post(path, async (context) => {
    const principal = await owner(context)
    const { webhook: id = '' } = context.params
    const wanted = await read(context, changes)
    const changed = await webhooks.update(principal, id, wanted, by(context))
    sendJson(context, 200, presentWebhook(changed))
  })

  router.delete(path, async (context) => {
    const principal = await owner(context)
    const { webhook: id = '' } = context.params
    await webhooks.delete(principal, id, by(context))
    sendJson(context, 200, { id, object: 'webhook', deleted: true })
  })

  router.post(`${path}/rotate_secret`, async (context) => {
    const principal = await owner(context)
    refuseIdempotencyKey(context.req.headers)
    const { webhook: id = '' } = context.params
    const { overlap_seconds = day } = await read(context, rotation)
    const made = await webhooks.rotateSecret(principal, id, overlap_seconds, by(context))
    sendJson(context, 200, presentWithSecret(made))
  })

  router.get(`${path}/deliveries`, async (context) => {
    const principal = await owner(context)
    const { webhook: id = '' } = context.params
    const query = deliveriesQuery(new URLSearchParams(context.querystring))
    const { items, hasMore } = await webhooks.deliveries(principal, id, query)
    const data = items.map(presentDelivery)
    sendJson(context, 200, {
      object: 'list',
      data,
      first_id: data[0]?.position ?? null,
      last_id: data.at(-1)?.position ?? null,
      has_more: hasMore,
    })
  })

  router.post(`${path}/replay`, async (context) => {
    const principal = await owner(context)
    const { webhook: id = '' } = context.params
    const { from } = await read(context, replay)
    const moved = await webhooks.replay(principal, id, parsePosition(from, 'from'))
    sendJson(context, 200, presentWebhook(moved))
  })
}

/** As that of events, whose cursors are positions. */
function deliveriesQuery(query: URLSearchParams): DeliveriesQuery {
  checkParameters(query, parameters)
  const [limit, after, status] = ['limit', 'after', 'status'].map((name) =>
    singleParameter(query, name),
  )
  return {
    limit:
      limit === undefined
        ? defaultLimit
        : parseInteger(limit, 'limit', { min: 1, max: maxLimit }),
    ...(after !== undefined && { after: parsePosition(after, 'after') }),
    ...(status !== undefined && { status: oneOf(statuses)(status, 'status') }),
  }
}

function presentWebhook(view: WebhookView) {
  return {
    id: view.id,
    object: 'webhook',
    url: view.url,
    description: view.description,
    events: view.events,
    status: view.disabledAt === null ? 'enabled' : 'disabled',
    created_at: view.createdAt,
    disabled_at: view.disabledAt,
    disabled_reason: view.disabledReason,
    position: String(view.position),
    failures: view.failures,
    next_attempt_at: view.nextAttemptAt,
  }
}

function presentWithSecret(view: WebhookWithSecret) {
  return { ...presentWebhook(view), secret: view.secret }
}

function presentDelivery(view: DeliveryView) {
  return {
    object: 'webhook.delivery',
    event_id: view.eventId,
    event: view.event,
    position: String(view.position),
    status: view.status,
    attempts: view.attempts,
    first_attempt_at: view.firstAttemptAt,
    last_attempt_at: view.lastAttemptAt,
    next_attempt_at: view.nextAttemptAt,
    status_code: view.statusCode,
    error: view.error,
  }
}
