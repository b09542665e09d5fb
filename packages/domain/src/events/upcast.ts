import type { EventType } from './event-map.ts'
import { eventSchemas } from './event-schemas.ts'

/** The parts of an event that a schema describes. */
export type EventBody = {
  readonly data: unknown
  readonly private: Readonly<Record<string, unknown>>
}

/** Turns schema `n` of a type into `n + 1`. Must cope with erased (absent) private groups. */
export type Upcaster = (body: EventBody) => EventBody

export type Upcasters = Partial<
  Readonly<Record<EventType, Readonly<Record<number, Upcaster>>>>
>

/** What came is optional: an event that was written before it is one that has none of it. */
const unchanged: Upcaster = (body) => body

/** By type, then by the schema number that is read. */
const upcasters: Upcasters = {
  // 2: classification, compliance_regime, retain_until and options
  FileUploaded: { 1: unchanged },
  // 2: uploads_per_minute
  ApiKeyCreated: { 1: unchanged },
  ApiKeyUpdated: { 1: unchanged },
  // 2: extents
  PrivateDataErased: { 1: unchanged },
}

/**
 * Brings an event of any schema ever written to today's.
 *
 * @throws TypeError when the type is unknown, or the schema is newer than this version of Custody.
 */
export function upcast(
  type: string,
  schema: number,
  body: EventBody,
  table: Upcasters = upcasters,
  current: (type: EventType) => number = (known) => eventSchemas[known].schema,
): EventBody {
  if (!isEventType(type)) throw new TypeError(`Unknown event type '${type}'`)
  const today = current(type)
  if (schema > today) {
    throw new TypeError(
      `Event ${type} has schema ${schema}; this version reads up to ${today}`,
    )
  }
  let result = body
  for (let number = schema; number < today; number += 1) {
    const step = table[type]?.[number]
    if (!step) throw new TypeError(`No upcaster for ${type} from schema ${number}`)
    result = step(result)
  }
  return result
}

/** Whether this version of Custody knows the type. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventSchemas, type)
}
