import { insertion, type Sql, statement } from '@custody/event-log'
import type { WebhookSecretRow, WebhookTables } from './webhook-tables.ts'

const put = insertion<WebhookSecretRow>('webhook_secrets', [
  'id',
  'webhook',
  'sealing_key',
  'sealed',
  'expires_at',
])

const find = statement<WebhookTables, { webhook: string }>()((db, p) =>
  db
    .selectFrom('webhook_secrets')
    .selectAll()
    .where('webhook', '=', p('webhook'))
    // Ids are made in the order of time: the newest first.
    .orderBy('id', 'desc'),
)

const expire = statement<WebhookTables, { webhook: string; until: number }>()((db, p) =>
  db
    .updateTable('webhook_secrets')
    .set({ expires_at: p('until') })
    .where('webhook', '=', p('webhook'))
    .where((eb) =>
      eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', p('until'))]),
    ),
)

const forget = statement<WebhookTables, { id: string }>()((db, p) =>
  db.deleteFrom('webhook_secrets').where('id', '=', p('id')),
)

const forgetAll = statement<WebhookTables, { webhook: string }>()((db, p) =>
  db.deleteFrom('webhook_secrets').where('webhook', '=', p('webhook')),
)

/** Keeps a secret, encrypted. */
export async function putWebhookSecret(sql: Sql, row: WebhookSecretRow): Promise<void> {
  await sql.insert(put, [row])
}

/** The webhook's secrets, the newest first; those whose time has passed may be among them. */
export async function findWebhookSecrets(
  sql: Sql,
  webhook: string,
): Promise<WebhookSecretRow[]> {
  return await sql.all(find, { webhook })
}

/** The secrets that the webhook has sign until then, and no longer (Unix seconds). */
export async function expireWebhookSecrets(
  sql: Sql,
  webhook: string,
  until: number,
): Promise<void> {
  await sql.run(expire, { webhook, until })
}

/** Removes one secret. */
export async function removeWebhookSecret(sql: Sql, id: string): Promise<void> {
  await sql.run(forget, { id })
}

/** Removes all of the webhook's secrets. */
export async function removeWebhookSecrets(sql: Sql, webhook: string): Promise<void> {
  await sql.run(forgetAll, { webhook })
}
