import { insertion, type Sql, statement } from '@custody/event-log'
import type { WebhookDeliveryRow, WebhookTables } from './webhook-tables.ts'

/** Deliveries of one webhook that are kept: the last ones. */
export const KEPT_DELIVERIES = 1_000

/** How long they are kept, in milliseconds. */
export const KEPT_DELIVERIES_MS = 30 * 24 * 60 * 60 * 1000

const put = insertion<WebhookDeliveryRow>(
  'webhook_deliveries',
  [
    'webhook',
    'seq',
    'event_id',
    'type',
    'status',
    'attempts',
    'first_attempt_at',
    'last_attempt_at',
    'next_attempt_at',
    'status_code',
    'error',
  ],
  {
    suffix: `on conflict (webhook, seq) do update set ${[
      'status',
      'attempts',
      'first_attempt_at',
      'last_attempt_at',
      'next_attempt_at',
      'status_code',
      'error',
    ]
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}`,
  },
)

const find = statement<WebhookTables, { webhook: string; seq: number }>()((db, p) =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook', '=', p('webhook'))
    .where('seq', '=', p('seq')),
)

type ListArgs = {
  webhook: string
  before: number
  since: number
  limit: number
  status: string
}

const list = statement<WebhookTables, ListArgs>()((db, p) =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook', '=', p('webhook'))
    .where('seq', '<', p('before'))
    .where('last_attempt_at', '>', p('since'))
    .orderBy('seq', 'desc')
    .limit(p('limit')),
)

const listOfStatus = statement<WebhookTables, ListArgs>()((db, p) =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook', '=', p('webhook'))
    .where('seq', '<', p('before'))
    .where('last_attempt_at', '>', p('since'))
    .where('status', '=', p('status') as WebhookDeliveryRow['status'])
    .orderBy('seq', 'desc')
    .limit(p('limit')),
)

/** The last attempt of the newest delivery that is one too many. */
const beyond = statement<WebhookTables, { webhook: string }>()((db, p) =>
  db
    .selectFrom('webhook_deliveries')
    .select('last_attempt_at')
    .where('webhook', '=', p('webhook'))
    .orderBy('last_attempt_at', 'desc')
    .orderBy('seq', 'desc')
    .offset(KEPT_DELIVERIES)
    .limit(1),
)

const removeUntil = statement<WebhookTables, { webhook: string; until: number }>()(
  (db, p) =>
    db
      .deleteFrom('webhook_deliveries')
      .where('webhook', '=', p('webhook'))
      .where('last_attempt_at', '<=', p('until')),
)

const removeAll = statement<WebhookTables, { webhook: string }>()((db, p) =>
  db.deleteFrom('webhook_deliveries').where('webhook', '=', p('webhook')),
)

/** Writes down how a delivery went, in place of what was known of it. */
export async function putWebhookDelivery(
  sql: Sql,
  row: WebhookDeliveryRow,
): Promise<void> {
  await sql.insert(put, [row])
}

/** How the delivery of one event went, or undefined. */
export async function findWebhookDelivery(
  sql: Sql,
  webhook: string,
  seq: number,
): Promise<WebhookDeliveryRow | undefined> {
  return await sql.get(find, { webhook, seq })
}

/** Deliveries of events before one (exclusive), the newest event first. */
export async function listWebhookDeliveries(
  sql: Sql,
  query: {
    readonly webhook: string
    readonly before: number
    readonly limit: number
    readonly status?: WebhookDeliveryRow['status']
    /** Unix milliseconds: what is older than is kept may be there yet. */
    readonly now: number
  },
): Promise<WebhookDeliveryRow[]> {
  const { status = '', now, ...rest } = query
  const args = { ...rest, status, since: now - KEPT_DELIVERIES_MS }
  return await sql.all(status === '' ? list : listOfStatus, args)
}

/** Removes what is more, or older, than is kept. `now`: Unix milliseconds. */
export async function trimWebhookDeliveries(
  sql: Sql,
  webhook: string,
  now: number,
): Promise<void> {
  const last = (await sql.get(beyond, { webhook }))?.last_attempt_at ?? 0
  const until = Math.max(last, now - KEPT_DELIVERIES_MS)
  await sql.run(removeUntil, { webhook, until })
}

/** Forgets all deliveries of a webhook. */
export async function removeWebhookDeliveries(sql: Sql, webhook: string): Promise<void> {
  await sql.run(removeAll, { webhook })
}
