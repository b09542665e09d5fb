import { CustodyError, quote, toSeconds, type WebhookState } from '@custody/domain'
import { lastSeq, readProjectEvents, seqOfPosition } from '@custody/event-log'
import {
  findWebhook,
  listWebhookDeliveries,
  listWebhooks,
  type WebhookDeliveryRow,
} from '@custody/file-index'
import type { Appender, Asking } from '../appender.ts'
import type { Principal } from '../auth/principal.ts'
import { webhookConsumer } from '../log/decide-webhook.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { consumerOf } from './consumer-of.ts'
import type { SecretBox } from './secret-box.ts'
import { formatSecret } from './signature.ts'
import type { WebhookAllow } from './webhook-allow.ts'
import type { WebhookSecrets } from './webhook-secrets.ts'
import type { DeliveryView, Webhooks, WebhookView } from './webhook-types.ts'
import { checkWebhookUrl } from './webhook-url.ts'

/** The use cases of webhooks. `wake`: called when one of the project may have something to deliver. */
export function createWebhooks(
  { log, clock, ids }: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids'>,
  appender: Pick<Appender, 'append'>,
  parts: {
    readonly secrets: WebhookSecrets
    readonly box: SecretBox
    readonly allow: WebhookAllow
    readonly wake: (project: string) => void
  },
): Webhooks {
  const { secrets, box, allow, wake } = parts
  const { reader } = log

  async function requireWebhook(project: string, id: string): Promise<WebhookState> {
    const found = await findWebhook(reader.sql, id)
    if (found?.project === project && found.deletedAt === null) return found
    throw new CustodyError('webhook_not_found', `No such Webhook object: ${id}`, {
      param: 'id',
    })
  }

  async function view(state: WebhookState): Promise<WebhookView> {
    const consumer = await reader.consumer(webhookConsumer(state.id))
    const position = consumer?.position ?? state.position
    const next = consumer?.next_attempt_at ?? ''
    return {
      id: state.id,
      url: state.url,
      description: state.description,
      events: state.events,
      createdAt: toSeconds(state.createdAt),
      disabledAt: state.disabledAt === null ? null : toSeconds(state.disabledAt),
      disabledReason: state.disabledReason,
      position: (await seqOfPosition(reader.sql, state.project, position)) ?? 0,
      failures: consumer?.attempts ?? 0,
      nextAttemptAt: next === '' ? null : Math.floor(Date.parse(next) / 1000),
    }
  }

  const asking = ({ project, actor }: Principal, requestId: string): Asking => ({
    project: project.id,
    actor,
    requestId,
  })

  const viewOf = async ({ project }: Principal, id: string) =>
    await view(await requireWebhook(project.id, id))

  return {
    async create(principal, { url, description, events }, { requestId }) {
      const checked = checkWebhookUrl(url, allow)
      const id = ids.prefixed('wh_')
      const made = secrets.make(id)
      await appender.append(
        {
          type: 'CreateWebhook',
          id,
          url: checked.href,
          ...(description !== undefined && { description }),
          events,
          secret: made.id,
          sealingKey: box.keyId,
        },
        asking(principal, requestId),
        [made.sealed],
      )
      const state = await requireWebhook(principal.project.id, id)
      await consumerOf(log, state)
      return { ...(await view(state)), secret: formatSecret(made.secret) }
    },

    async list({ project }) {
      const views: WebhookView[] = []
      for (const state of await listWebhooks(reader.sql, project.id)) {
        views.push(await view(state))
      }
      return views
    },

    get: viewOf,

    async update(principal, id, { url, ...changes }, { requestId }) {
      await requireWebhook(principal.project.id, id)
      await appender.append(
        {
          type: 'UpdateWebhook',
          id,
          ...changes,
          ...(url !== undefined && { url: checkWebhookUrl(url, allow).href }),
        },
        asking(principal, requestId),
      )
      return await viewOf(principal, id)
    },

    async delete(principal, id, { requestId }) {
      await appender.append({ type: 'DeleteWebhook', id }, asking(principal, requestId))
    },

    async rotateSecret(principal, id, overlapSeconds, { requestId }) {
      const made = secrets.make(id)
      await appender.append(
        {
          type: 'RotateWebhookSecret',
          id,
          secret: made.id,
          formerUntil: Math.floor(clock() / 1000) + overlapSeconds,
          sealingKey: box.keyId,
        },
        asking(principal, requestId),
        [made.sealed],
      )
      return { ...(await viewOf(principal, id)), secret: formatSecret(made.secret) }
    },

    async deliveries({ project }, id, { limit, after, status }) {
      await requireWebhook(project.id, id)
      const rows = await listWebhookDeliveries(reader.sql, {
        webhook: id,
        before: after ?? Number.MAX_SAFE_INTEGER,
        limit: limit + 1,
        now: clock(),
        ...(status && { status }),
      })
      return {
        items: rows.slice(0, limit).map(toDeliveryView),
        hasMore: rows.length > limit,
      }
    },

    async replay(principal, id, from) {
      const { project } = principal
      await requireWebhook(project.id, id)
      const last = await lastSeq(reader.sql, project.id)
      if (from > last) {
        throw new CustodyError(
          'invalid_value',
          `Invalid 'from': there is no position ${quote(String(from))} yet. The last one is '${last}'.`,
          { param: 'from' },
        )
      }
      const [before] = await readProjectEvents(reader.sql, {
        project: project.id,
        order: 'asc',
        limit: 1,
        after: from - 2,
        before: from,
      })
      const position = before?.record.position ?? 0
      for (;;) {
        const state = await consumerOf(log, await requireWebhook(project.id, id))
        // What follows the checkpoint is delivered in any case: nothing is passed over.
        if (position > state.position) break
        const moved = { ...state, position, attempts: 0, next_attempt_at: '', error: '' }
        if (await log.consumers.save(moved, state.position)) break
      }
      wake(project.id)
      return await viewOf(principal, id)
    },
  }
}

function toDeliveryView(row: WebhookDeliveryRow): DeliveryView {
  const seconds = (ms: number) => Math.floor(ms / 1000)
  return {
    eventId: row.event_id,
    event: row.type,
    position: row.seq,
    status: row.status,
    attempts: row.attempts,
    firstAttemptAt: seconds(row.first_attempt_at),
    lastAttemptAt: seconds(row.last_attempt_at),
    nextAttemptAt: row.next_attempt_at === null ? null : seconds(row.next_attempt_at),
    statusCode: row.status_code,
    error: row.error,
  }
}
