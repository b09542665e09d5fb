import { evolveWebhook, type PlacedEvent, type WebhookState } from '@custody/domain'
import {
  insertion,
  type LogEvent,
  type Projection,
  type ProjectionBatch,
  type Sql,
} from '@custody/event-log'
import { findWebhook, listWebhooks } from './find-webhooks.ts'
import { toWebhookRow, type WebhookRow } from './webhook-rows.ts'

/** What decisions about webhooks read, with what the batch did so far. */
export interface WebhooksBatch extends ProjectionBatch {
  webhook(id: string): Promise<WebhookState | null>
  /** Webhooks that the project has. */
  countOfProject(project: string): Promise<number>
}

/** The projects' webhooks. Deleted ones stay, so that their deliveries end. */
export const webhooksProjection: Projection<WebhooksBatch> = {
  name: 'webhooks',
  version: 1,
  tables: ['webhooks'],
  types: [
    'WebhookCreated',
    'WebhookUpdated',
    'WebhookDisabled',
    'WebhookDeleted',
    'PrivateDataErased',
  ],

  async create(sql, table) {
    await sql.exec(`
      create table ${table('webhooks')} (
        id text primary key,
        position integer not null,
        project text not null,
        version integer not null,
        url text,
        description text,
        url_from integer not null,
        description_from integer not null,
        events text not null,
        secret text not null,
        created_at integer not null,
        disabled_at integer,
        disabled_reason text,
        deleted_at integer
      ) strict, without rowid;`)
  },

  async createIndexes(sql, table) {
    const webhooks = table('webhooks')
    await sql.exec(`
      create index ${webhooks}_of_project on ${webhooks} (project, position)
        where deleted_at is null;
      create index ${webhooks}_enabled on ${webhooks} (position)
        where deleted_at is null and disabled_at is null;`)
  },

  open: openBatch,
}

const put = insertion<WebhookRow>(
  'webhooks',
  [
    'id',
    'position',
    'project',
    'version',
    'url',
    'description',
    'url_from',
    'description_from',
    'events',
    'secret',
    'created_at',
    'disabled_at',
    'disabled_reason',
    'deleted_at',
  ],
  {
    suffix: `on conflict (id) do update set ${[
      'version',
      'url',
      'description',
      'url_from',
      'description_from',
      'events',
      'secret',
      'disabled_at',
      'disabled_reason',
      'deleted_at',
    ]
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}`,
  },
)

function openBatch(sql: Sql): WebhooksBatch {
  const changed = new Map<string, WebhookState>()
  const webhook = async (id: string) => changed.get(id) ?? (await findWebhook(sql, id))
  return {
    webhook,
    async countOfProject(project) {
      const ids = new Set((await listWebhooks(sql, project)).map(({ id }) => id))
      for (const state of changed.values()) {
        if (state.project !== project) continue
        if (state.deletedAt === null) ids.add(state.id)
        else ids.delete(state.id)
      }
      return ids.size
    },
    async apply(logEvent: LogEvent) {
      const event = logEvent as WebhookEvent
      // Most of what is erased belongs to files.
      if (event.type === 'PrivateDataErased' && !event.stream.startsWith('wh_')) return
      changed.set(event.stream, evolveWebhook(await webhook(event.stream), event))
    },
    async flush() {
      if (changed.size === 0) return
      await sql.insert(put, [...changed.values()].map(toWebhookRow))
      changed.clear()
    },
  }
}

type WebhookEvent = PlacedEvent<
  | 'WebhookCreated'
  | 'WebhookUpdated'
  | 'WebhookDisabled'
  | 'WebhookDeleted'
  | 'PrivateDataErased'
>
