import type { EventView } from '@custody/service'
import { dialectNamed } from '../dialects/dialects.ts'
import { type CloudEvent, cloudEvent } from './cloud-event.ts'

/** What a webhook of a project in this dialect is told of an event: what `GET /v1/events` says. */
export function webhookBody(event: EventView, dialect: string): CloudEvent {
  return cloudEvent(event, dialectNamed(dialect))
}
