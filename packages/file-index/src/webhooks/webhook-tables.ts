import type { LogModule } from '@custody/event-log'
import { sql as raw } from 'kysely'

/** Tables beside the log: what nobody reads as history, and secrets, which no log may hold. */
export type WebhookTables = {
  webhook_secrets: WebhookSecretRow
  webhook_deliveries: WebhookDeliveryRow
}

/** A secret that signs deliveries, encrypted. */
export type WebhookSecretRow = {
  id: string
  webhook: string
  /** Fingerprint of the key that it is encrypted under. */
  sealing_key: string
  sealed: Uint8Array
  /** Unix seconds from which it signs no more; null: it is the current one. */
  expires_at: number | null
}

/** How the delivery of one event to one webhook went. What was sent is not kept. Times are Unix milliseconds. */
export type WebhookDeliveryRow = {
  webhook: string
  /** Of the event in its project. */
  seq: number
  event_id: string
  type: string
  /** `retrying`: it will be tried again; `failed`: not by itself. */
  status: 'delivered' | 'retrying' | 'failed'
  /** Since the event's turn came, anew after a replay. */
  attempts: number
  first_attempt_at: number
  last_attempt_at: number
  next_attempt_at: number | null
  /** HTTP status of the last answer; null: there was none. */
  status_code: number | null
  /** Why the last attempt failed; null: it did not. */
  error: string | null
}

/** The tables of secrets and deliveries, which lie beside the log. */
export const webhookMigrations: LogModule['migrations'] = {
  '0006-webhooks': {
    async up(db) {
      await raw`create table webhook_secrets (
        id text primary key,
        webhook text not null,
        sealing_key text not null,
        sealed blob not null,
        expires_at integer
      ) strict, without rowid`.execute(db)
      await raw`create index webhook_secrets_of_webhook on webhook_secrets (webhook)`.execute(
        db,
      )
      await raw`create table webhook_deliveries (
        webhook text not null,
        seq integer not null,
        event_id text not null,
        type text not null,
        status text not null,
        attempts integer not null,
        first_attempt_at integer not null,
        last_attempt_at integer not null,
        next_attempt_at integer,
        status_code integer,
        error text,
        primary key (webhook, seq)
      ) strict, without rowid`.execute(db)
      await raw`create index webhook_deliveries_by_time
        on webhook_deliveries (webhook, last_attempt_at)`.execute(db)
    },
  },
}
