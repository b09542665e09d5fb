import { type EventType, eventName, eventSchemas, isEventType } from '@custody/domain'
import type { EventView } from '@custody/service'

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
 * `presentId` is the dialect's way to write the id of a file.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function cloudEvent(
  event: EventView,
  presentId: (id: string) => string,
): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    type: cloudEventType(event.type),
    source: `/v1/projects/${event.project}`,
    subject: isFileId(event.stream) ? presentId(event.stream) : event.stream,
    time: event.time,
    datacontenttype: 'application/json',
    position: String(event.position),
    actor: event.actor,
    requestid: event.requestId,
    data: event.data,
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Files are the only things whose id is a plain UUID in the log. */
export function isFileId(stream: string): boolean {
  return uuid.test(stream)
}
