import type { WebhookState } from '@custody/domain'
import { type Sql, statement } from '@custody/event-log'
import type { DirectoryTables } from '../directory/directory-tables.ts'
import { toWebhookState, type WebhooksTables } from './webhook-rows.ts'

const find = statement<WebhooksTables, { id: string }>()((db, p) =>
  db.selectFrom('webhooks').selectAll().where('id', '=', p('id')),
)

const ofProject = statement<WebhooksTables, { project: string }>()((db, p) =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where('project', '=', p('project'))
    .where('deleted_at', 'is', null)
    .orderBy('position'),
)

const kept = statement<WebhooksTables>()((db) =>
  db
    .selectFrom('webhooks')
    .select(['id', 'project'])
    .where('deleted_at', 'is', null)
    .orderBy('position'),
)

const enabled = statement<WebhooksTables & DirectoryTables>()((db) =>
  db
    .selectFrom('webhooks')
    .innerJoin('projects', 'projects.id', 'webhooks.project')
    .select(['webhooks.id', 'webhooks.project', 'webhooks.position'])
    .where('webhooks.deleted_at', 'is', null)
    .where('webhooks.disabled_at', 'is', null)
    .where('projects.archived_at', 'is', null)
    .orderBy('webhooks.position'),
)

/** A webhook, deleted or not. */
export async function findWebhook(sql: Sql, id: string): Promise<WebhookState | null> {
  const row = await sql.get(find, { id })
  return row ? toWebhookState(row) : null
}

/** The project's webhooks that are not deleted, in the order in which they were made. */
export async function listWebhooks(sql: Sql, project: string): Promise<WebhookState[]> {
  return (await sql.all(ofProject, { project })).map(toWebhookState)
}

/** The webhooks of all projects that are not deleted, disabled ones too. */
export async function listAllWebhooks(
  sql: Sql,
): Promise<{ readonly id: string; readonly project: string }[]> {
  return await sql.all(kept, {})
}

/** Webhooks that are delivered to: enabled, of projects that are not archived. */
export async function listEnabledWebhooks(
  sql: Sql,
): Promise<
  { readonly id: string; readonly project: string; readonly position: number }[]
> {
  return await sql.all(enabled, {})
}
