import {
  type DisabledReason,
  eventName,
  type WebhookState,
  webhookEventTypes,
} from '@custody/domain'
import {
  type ConsumerState,
  formatTime,
  lastSeq,
  readProjectEvents,
  seqOfPosition,
} from '@custody/event-log'
import {
  findProject,
  findWebhook,
  findWebhookDelivery,
  type WebhookDeliveryRow,
} from '@custody/file-index'
import type { Appender } from '../appender.ts'
import { type EventView, toEventView } from '../history/event-view.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { consumerOf } from './consumer-of.ts'
import { nextAttemptAt } from './retry-schedule.ts'
import { type SendOutcome, sendRequest } from './send-request.ts'
import { signedHeaders } from './signature.ts'
import type { WebhookAllow } from './webhook-allow.ts'
import type { WebhookSecrets } from './webhook-secrets.ts'
import type { WebhookOptions } from './webhook-types.ts'

/** Attempts of a webhook after which deliveries that are kept no longer are removed. */
const TRIM_EVERY = 50

/** What deliveries have to do with the rest of the service. */
export type DeliveryParts = {
  readonly appender: Pick<Appender, 'append'>
  readonly secrets: WebhookSecrets
  readonly allow: WebhookAllow
  readonly options: Pick<WebhookOptions, 'present' | 'attemptMs'>
  readonly resolve: NonNullable<WebhookOptions['resolve']>
}

/**
 * Delivers to one webhook what happened since its checkpoint, one event after the other, until there is none or one has
 * to wait. Resolves to the Unix milliseconds of the next attempt, where one waits.
 */
export type Deliver = (
  webhook: string,
  signal: AbortSignal,
) => Promise<number | undefined>

/** Up to where a webhook's events were looked at, as long as nothing about it changes: few may be for it. */
type Looked = {
  readonly version: number
  readonly position: number
  readonly seq: number
}

/** Deliveries of webhooks: in order, at least once. */
export function createDeliver(
  environment: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids' | 'logger'>,
  { appender, secrets, allow, options, resolve }: DeliveryParts,
): Deliver {
  const { log, clock, ids, logger } = environment
  const { reader } = log
  const looked = new Map<string, Looked>()
  /** Attempts by webhook. */
  const recorded = new Map<string, number>()

  return async function deliver(id, signal) {
    while (!signal.aborted) {
      const webhook = await findWebhook(reader.sql, id)
      const project = webhook && (await findProject(reader.sql, webhook.project))
      if (!isWanted(webhook) || !project || project.archivedAt !== null) {
        looked.delete(id)
        recorded.delete(id)
        return
      }
      const consumer = await consumerOf(log, webhook)
      if (consumer.next_attempt_at > formatTime(clock() * 1000)) {
        return Date.parse(consumer.next_attempt_at)
      }
      const found = await nextEvent(webhook, consumer, looked.get(id), signal)
      if (!found.event) {
        looked.set(id, found.looked)
        if (found.isEnd) return
        continue
      }
      const attempt = { webhook, consumer, event: found.event, place: found.place }
      await tryOnce(attempt, project.dialect, signal)
    }
  }

  /** Read when its turn comes: what was erased meanwhile is not in it. */
  async function nextEvent(
    webhook: WebhookState,
    { position }: ConsumerState,
    looked: Looked | undefined,
    signal: AbortSignal,
  ): Promise<NextEvent> {
    const { sql } = reader
    const { project, version } = webhook
    const isSame = looked?.version === version && looked.position === position
    const after = isSame
      ? looked.seq
      : ((await seqOfPosition(sql, project, position)) ?? 0)
    const last = await lastSeq(sql, project)
    const [stored] = await readProjectEvents(sql, {
      project,
      order: 'asc',
      limit: 1,
      after,
      before: last + 1,
      types: webhookEventTypes(webhook.events),
      signal,
    })
    if (stored) {
      return {
        event: await toEventView(sql, stored),
        place: stored.record.position,
      }
    }
    return { looked: { version, position, seq: last }, isEnd: last === after }
  }

  async function tryOnce(
    attempt: Attempt,
    dialect: string,
    signal: AbortSignal,
  ): Promise<void> {
    const began = clock()
    let outcome: Outcome
    try {
      outcome = await send(attempt, dialect, began, signal)
    } catch (error) {
      // It is delivered again after the next start.
      if (signal.aborted) return
      throw error
    }
    await record(attempt, outcome, began)
  }

  async function send(
    { webhook, event }: Attempt,
    dialect: string,
    began: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let keys: readonly Uint8Array[]
    try {
      keys = await secrets.current(webhook.id)
    } catch (error) {
      logger.error({ err: error, webhook: webhook.id }, 'a webhook cannot be signed for')
      return { error: 'secret_unreadable' }
    }
    // A webhook that is deleted at this moment: nothing goes out unsigned.
    if (keys.length === 0) return { error: 'secret_unreadable' }
    const body = JSON.stringify(options.present(event, dialect))
    const timestamp = Math.floor(began / 1000)
    const headers = {
      ...signedHeaders({ id: event.id, timestamp, body, secrets: keys }),
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'Custody-Webhooks/1.0',
      accept: '*/*',
    }
    const { attemptMs: timeoutMs } = options
    return await sendRequest(
      { url: webhook.url ?? '', headers, body },
      { allow, resolve, signal, ...(timeoutMs !== undefined && { timeoutMs }) },
    )
  }

  async function record(
    { webhook, consumer, event, place }: Attempt,
    outcome: Outcome,
    began: number,
  ): Promise<void> {
    const statusCode = 'statusCode' in outcome ? outcome.statusCode : null
    const isDelivered = statusCode !== null && statusCode >= 200 && statusCode < 300
    const attempts = consumer.attempts + 1
    const earlier =
      consumer.attempts === 0
        ? undefined
        : await findWebhookDelivery(reader.sql, webhook.id, event.position)
    const firstAttemptAt = earlier?.first_attempt_at ?? began
    const now = clock()
    const next = isDelivered
      ? undefined
      : nextAttemptAt({
          attempts,
          firstAttemptAt,
          now,
          random: Buffer.from(ids.random(4)).readUInt32LE() / 2 ** 32,
          retryAfter: 'retryAfter' in outcome ? outcome.retryAfter : undefined,
        })
    const disable = reasonToDisable(statusCode, isDelivered, next)
    const willRetry = disable === null ? (next ?? null) : null
    const error = isDelivered ? null : 'error' in outcome ? outcome.error : 'status'
    const delivery: WebhookDeliveryRow = {
      webhook: webhook.id,
      seq: event.position,
      event_id: event.id,
      type: eventName(event.type),
      status: isDelivered ? 'delivered' : willRetry === null ? 'failed' : 'retrying',
      attempts,
      first_attempt_at: firstAttemptAt,
      last_attempt_at: now,
      next_attempt_at: willRetry,
      status_code: statusCode,
      error,
    }
    const after: ConsumerState = isDelivered
      ? { ...consumer, position: place, attempts: 0, next_attempt_at: '', error: '' }
      : {
          ...consumer,
          attempts,
          next_attempt_at: willRetry === null ? '' : formatTime(willRetry * 1000),
          error: error ?? '',
        }
    if (!isDelivered) {
      const fields = { webhook: webhook.id, attempts, error, statusCode }
      if (disable) logger.warn(fields, 'a webhook was disabled')
      else logger.debug(fields, 'a delivery failed; it will be tried again')
    }
    const before = recorded.get(webhook.id) ?? 0
    recorded.set(webhook.id, before + 1)
    await appender.append(
      {
        type: 'RecordDelivery',
        webhook: webhook.id,
        version: webhook.version,
        delivery,
        consumer: after,
        expected: consumer.position,
        trim: before % TRIM_EVERY === 0,
        disable,
      },
      {
        project: webhook.project,
        actor: 'system',
        requestId: ids.prefixed('req_'),
      },
    )
  }
}

type Attempt = {
  readonly webhook: WebhookState
  readonly consumer: ConsumerState
  readonly event: EventView
  /** The event's position in the log. */
  readonly place: number
}

/** How an attempt went. */
type Outcome = SendOutcome | { readonly error: 'secret_unreadable' }

type NextEvent =
  | { readonly event: EventView; readonly place: number }
  | {
      readonly event?: undefined
      readonly looked: Looked
      /** There is nothing further. */
      readonly isEnd: boolean
    }

function isWanted(webhook: WebhookState | null): webhook is WebhookState {
  return webhook !== null && webhook.deletedAt === null && webhook.disabledAt === null
}

/** A receiver that is gone does not want to be asked again. */
function reasonToDisable(
  statusCode: number | null,
  isDelivered: boolean,
  next: number | undefined,
): DisabledReason | null {
  if (isDelivered) return null
  if (statusCode === 410) return 'gone'
  return next === undefined ? 'failing' : null
}
