import type { EventType } from '@custody/domain'
import type { Principal } from '../auth/principal.ts'
import type { HoldsView } from '../files/file-holds.ts'
import type { AtPosition, FilePage, FileView, ListQuery } from '../files/files.ts'
import type { EventView } from './event-view.ts'
import type { AsOf } from './moments.ts'

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

export type FollowQuery = EventFilter & {
  /** Position of the last event that is known. Default: the last one that there is, unless `time` says otherwise. */
  readonly after?: number
  /** How the client named `after`, for the error text. */
  readonly afterName?: string
  /** Where to begin. */
  readonly time?: Pick<TimeRange, 'gt' | 'gte'>
}

export type Follower = {
  /**
   * Events of the project in their order. Those that are old when a follower begins have passed its filter; those
   * that are new are all of the project's, and all followers get the same array. Returns how many bytes that made.
   */
  readonly onEvents: (events: readonly EventView[]) => number
  /** Resolves when what was told so far has been taken: a follower gets old events at its own pace. */
  readonly taken: () => Promise<void>
  /** No more will come: the key has lost its right. */
  readonly onEnd: () => void
}

export type Following = {
  /** Events after this position will come. */
  readonly position: number
  start(follower: Follower): void
  /** Nothing more is told, and everything is let go. */
  stop(): void
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
  /**
   * The events of the project as they come. What is not stopped must be: it counts among those of its key.
   *
   * @throws CustodyError `invalid_value` for a position that never was, `too_many_streams`
   */
  follow(principal: Principal, query: FollowQuery): Promise<Following>
  /**
   * A file as it was.
   *
   * @throws CustodyError `file_not_found`, `invalid_value` for a moment that never was
   */
  file(
    principal: Principal,
    id: string,
    options: { readonly asOf: AsOf; readonly idAsSent: string },
  ): Promise<AtPosition<FileView>>
  /**
   * What held a file, as it was.
   *
   * @throws CustodyError as `file`
   */
  holds(
    principal: Principal,
    id: string,
    options: { readonly asOf: AsOf; readonly idAsSent: string },
  ): Promise<AtPosition<HoldsView>>
  /**
   * The files that there were, as they were; without a total.
   *
   * @throws CustodyError `cursor_not_found`, `invalid_value` for a moment that never was
   */
  files(
    principal: Principal,
    query: ListQuery,
    options: { readonly asOf: AsOf; readonly signal: AbortSignal },
  ): Promise<AtPosition<FilePage>>
}
