import { type EventType, eventName, eventSchemas, isEventType } from '@custody/domain'
import type { EventView } from '@custody/service'
import { type IdForms, shownData, subjectOf } from './event-ids.ts'

/** An event in the JSON form of CloudEvents 1.0. */
export type CloudEvent = {
  readonly specversion: '1.0'
  readonly id: string
  /** `custody.file.uploaded` */
  readonly type: string
  /** `/v1/projects/{id}` */
  readonly source: string
  /** The id of what it happened to, as the dialect writes it. */
  readonly subject: string
  /** RFC 3339. */
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** Its place among the events of the project: an opaque decimal string. */
  readonly position: string
  readonly actor: string
  readonly requestid: string
  readonly data: object
}

const byName: ReadonlyMap<string, EventType> = new Map(
  Object.keys(eventSchemas)
    .filter(isEventType)
    .map((type) => [cloudEventType(type), type]),
)

/** The types that there are, as they are written. */
export const cloudEventTypes: readonly string[] = [...byName.keys()]

/** The type of events that is written so; undefined: none. */
export function parseCloudEventType(text: string): EventType | undefined {
  return byName.get(text)
}

function cloudEventType(type: string): string {
  return `custody.${eventName(type)}`
}

/**
 * `forms` is the dialect's way to write ids.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function cloudEvent(event: EventView, forms: IdForms): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    type: cloudEventType(event.type),
    source: `/v1/projects/${event.project}`,
    subject: subjectOf(event, forms),
    time: event.time,
    datacontenttype: 'application/json',
    position: String(event.position),
    actor: event.actor,
    requestid: event.requestId,
    data: shownData(event, forms),
  }
}
