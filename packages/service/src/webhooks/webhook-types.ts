import type { DisabledReason } from '@custody/domain'
import type { Principal } from '../auth/principal.ts'
import type { EventView } from '../history/event-view.ts'
import type { ResolveHost } from './send-request.ts'

export type WebhookOptions = {
  /** What seals the secrets: any text with 256 bits of randomness. */
  readonly sealingKey: string
  /** Hosts and ranges that may be private, or speak plain HTTP: `CUSTODY_WEBHOOK_ALLOW`. */
  readonly allow: readonly string[]
  /** The body that tells of an event, as a project of this dialect sees it. */
  readonly present: (event: EventView, dialect: string) => object
  /** Default: the system's resolver. */
  readonly resolve?: ResolveHost
  /** Milliseconds that one attempt may take. Default 10,000. */
  readonly attemptMs?: number
}

export type WebhookView = {
  readonly id: string
  /** null once erased, as is the description. */
  readonly url: string | null
  readonly description: string | null
  readonly events: readonly string[]
  /** Unix seconds, as are the others. */
  readonly createdAt: number
  readonly disabledAt: number | null
  readonly disabledReason: DisabledReason | null
  /** Of the last event that was delivered, in the project; 0: none, and it began with the project. */
  readonly position: number
  /** Failures in a row at the event that follows. */
  readonly failures: number
  readonly nextAttemptAt: number | null
}

/** A webhook with its secret, as only the one who made it gets to see it. */
export type WebhookWithSecret = WebhookView & {
  /** `whsec_…` */
  readonly secret: string
}

export type NewWebhook = {
  readonly url: string
  readonly description?: string
  /** Names of events, such as `file.uploaded`; `*`: all. */
  readonly events: readonly string[]
}

export type WebhookChanges = {
  readonly url?: string
  /** null: none any more. */
  readonly description?: string | null
  readonly events?: readonly string[]
  readonly enabled?: boolean
}

export type DeliveryView = {
  readonly eventId: string
  /** Such as `file.uploaded`. */
  readonly event: string
  /** Of the event in its project. */
  readonly position: number
  readonly status: 'delivered' | 'retrying' | 'failed'
  readonly attempts: number
  /** Unix seconds, as are the others. */
  readonly firstAttemptAt: number
  readonly lastAttemptAt: number
  readonly nextAttemptAt: number | null
  readonly statusCode: number | null
  readonly error: string | null
}

export type DeliveriesQuery = {
  readonly limit: number
  /** Position of an event: those before it. */
  readonly after?: number
  readonly status?: DeliveryView['status']
}

type Asked = { readonly requestId: string }

/** Where a project is told of its events. */
export interface Webhooks {
  /** @throws CustodyError `webhook_url_not_allowed`, `too_many_webhooks` */
  create(
    principal: Principal,
    webhook: NewWebhook,
    asked: Asked,
  ): Promise<WebhookWithSecret>
  /** In the order in which they were made. */
  list(principal: Principal): Promise<readonly WebhookView[]>
  /** @throws CustodyError `webhook_not_found`, as do all that follow */
  get(principal: Principal, id: string): Promise<WebhookView>
  /**
   * One that is enabled again goes on where it stopped.
   *
   * @throws CustodyError `webhook_url_not_allowed`
   */
  update(
    principal: Principal,
    id: string,
    changes: WebhookChanges,
    asked: Asked,
  ): Promise<WebhookView>
  delete(principal: Principal, id: string, asked: Asked): Promise<void>
  /** A new secret; the former one signs as well for `overlapSeconds`. */
  rotateSecret(
    principal: Principal,
    id: string,
    overlapSeconds: number,
    asked: Asked,
  ): Promise<WebhookWithSecret>
  /** The newest event first. */
  deliveries(
    principal: Principal,
    id: string,
    query: DeliveriesQuery,
  ): Promise<{ readonly items: readonly DeliveryView[]; readonly hasMore: boolean }>
  /**
   * Delivers again from the event at this position of the project on. What was not delivered yet is in any case.
   *
   * @throws CustodyError `invalid_value` for a position that never was
   */
  replay(principal: Principal, id: string, from: number): Promise<WebhookView>
}
