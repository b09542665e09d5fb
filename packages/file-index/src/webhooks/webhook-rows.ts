import type { WebhookState } from '@custody/domain'
import { canonicalJson } from '@custody/transparency'

/** Table of the projection `webhooks`. Times are microseconds. */
export type WebhooksTables = { webhooks: WebhookRow }

export type WebhookRow = {
  id: string
  position: number
  project: string
  version: number
  url: string | null
  description: string | null
  url_from: number
  description_from: number
  /** JSON. */
  events: string
  secret: string
  created_at: number
  disabled_at: number | null
  disabled_reason: WebhookState['disabledReason']
  deleted_at: number | null
}

export function toWebhookRow(state: WebhookState): WebhookRow {
  return {
    id: state.id,
    position: state.position,
    project: state.project,
    version: state.version,
    url: state.url,
    description: state.description,
    url_from: state.urlFrom,
    description_from: state.descriptionFrom,
    events: canonicalJson(state.events),
    secret: state.secret,
    created_at: state.createdAt,
    disabled_at: state.disabledAt,
    disabled_reason: state.disabledReason,
    deleted_at: state.deletedAt,
  }
}

export function toWebhookState(row: WebhookRow): WebhookState {
  return {
    id: row.id,
    position: row.position,
    project: row.project,
    version: row.version,
    url: row.url,
    description: row.description,
    urlFrom: row.url_from,
    descriptionFrom: row.description_from,
    events: JSON.parse(row.events),
    secret: row.secret,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
    deletedAt: row.deleted_at,
  }
}
