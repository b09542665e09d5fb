import type { EventType } from '@custody/domain'
import type { Principal } from '../types.ts'
import type { EventView } from './event-view.ts'

/** Which events. */
export type EventFilter = {
  readonly types?: readonly EventType[]
  /** Plain UUID of a file. */
  readonly file?: string
}

export type EventsQuery = EventFilter & {
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** Position of an event: those that follow it in the order of the list. */
  readonly after?: number
  /** Position of an event: those that come before it in the order of the list. */
  readonly before?: number
  readonly time?: TimeRange
}

/** Microseconds since the Unix epoch. */
export type TimeRange = {
  readonly gt?: number
  readonly gte?: number
  readonly lt?: number
  readonly lte?: number
}

export type EventPage = {
  readonly events: readonly EventView[]
  readonly hasMore: boolean
}

/** What happened, for those who may look at it. */
export interface History {
  /**
   * Events of the key's project.
   *
   * @throws CustodyError `invalid_value` for a position that never was
   */
  events(
    principal: Principal,
    query: EventsQuery,
    options: { readonly signal: AbortSignal },
  ): Promise<EventPage>
  /**
   * Events of one file of the project, which may have ended.
   *
   * @throws CustodyError `file_not_found`, and as `events`
   */
  fileEvents(
    principal: Principal,
    query: EventsQuery & { readonly file: string },
    options: { readonly signal: AbortSignal; readonly idAsSent: string },
  ): Promise<EventPage>
}
