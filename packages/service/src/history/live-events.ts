import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { lastSeq, readProjectEvents } from '@custody/event-log'
import type { Appender } from '../appender.ts'
import { createPace } from '../background/pace.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { checkPosition } from './check-position.ts'
import { type EventView, toEventView } from './event-view.ts'
import type { EventFilter, Follower, History } from './history.ts'
import type { KeyWatch } from './key-watch.ts'
import { boundsOf } from './list-events.ts'

/** Events that are read at once. */
const PAGE = 100

/** Followers that are told without a break. */
const AT_ONCE = 16

/**
 * While others write, what is told takes at most one part in so many of the time: readers get to know later, and
 * nobody's upload waits for them.
 */
const SHARE = 48

/** What the operating system copies to readers in a millisecond, after it was handed over: measured, roughly. */
const BYTES_PER_MS = 2 * 2 ** 20

type Member = {
  /** What it has been told of. */
  seq: number
  readonly follower: Follower
}

/** What is new in a project, read once for all who follow it. */
type Feed = {
  seq: number
  readonly members: Set<Member>
  running: boolean
  hasNews: boolean
}

/**
 * Follows the commits of this process. `monotonic`: milliseconds that never jump.
 */
export function createLiveEvents(
  { log, logger }: Pick<ServiceEnvironment, 'log' | 'logger'>,
  appender: Pick<Appender, 'onAppended' | 'onUnknown'>,
  keys: KeyWatch,
  monotonic: () => number,
): History['follow'] {
  const feeds = new Map<string, Feed>()
  let isBusy = false
  const paced = createPace({
    share: SHARE,
    monotonic,
    sleep: (milliseconds) => sleep(milliseconds, undefined, { ref: false }),
    isBusy() {
      const wasBusy = isBusy
      isBusy = false
      return wasBusy
    },
  })

  appender.onAppended((_events, project) => {
    isBusy = true
    const feed = feeds.get(project)
    if (feed) run(project, feed)
  })
  appender.onUnknown(() => {
    for (const [project, feed] of feeds) run(project, feed)
  })

  async function read(
    project: string,
    after: number,
    before: number | undefined,
    { types, file }: EventFilter = {},
  ): Promise<readonly EventView[]> {
    const { sql } = log.reader
    const events = await readProjectEvents(sql, {
      project,
      after,
      order: 'asc',
      limit: PAGE,
      ...(before !== undefined && { before }),
      ...(types && { types }),
      ...(file !== undefined && { stream: file }),
    })
    return await Promise.all(events.map((event) => toEventView(sql, event)))
  }

  function run(project: string, feed: Feed): void {
    feed.hasNews = true
    if (feed.running) return
    feed.running = true
    tellNews(project, feed)
      .catch((error: unknown) => {
        // The members get it with the next event: none is passed over.
        logger.error({ err: error, project }, 'live events could not be read')
      })
      .finally(() => {
        feed.running = false
      })
  }

  async function tellNews(project: string, feed: Feed): Promise<void> {
    // What one turn of the event loop commits is read together.
    await nextTurn()
    while (feed.hasNews && feed.members.size > 0) {
      await paced(async ({ rest, spend }) => {
        feed.hasNews = false
        const events = await read(project, feed.seq, undefined)
        const last = events.at(-1)
        if (!last) return
        feed.hasNews ||= events.length === PAGE
        feed.seq = last.position
        let told = 0
        for (const member of feed.members) {
          spend(tell(member, events) / BYTES_PER_MS)
          told += 1
          if (told % AT_ONCE === 0) await rest()
        }
      })
    }
  }

  /** Reads what it has missed for one follower, at its pace, until it is where the others are. */
  async function catchUp(
    project: string,
    filter: EventFilter,
    member: Member,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const feed = await feedOf(project)
      if (signal.aborted) return
      if (member.seq >= feed.seq) {
        feed.members.add(member)
        run(project, feed)
        return
      }
      const end = feed.seq
      member.seq = await paced(async ({ spend }) => {
        const events = signal.aborted
          ? []
          : await read(project, member.seq, end + 1, filter)
        if (events.length > 0 && !signal.aborted) {
          spend(member.follower.onEvents(events) / BYTES_PER_MS)
        }
        const last = events.length === PAGE ? events.at(-1)?.position : undefined
        return last ?? end
      })
      await member.follower.taken()
    }
  }

  async function feedOf(project: string): Promise<Feed> {
    const seq = feeds.has(project) ? 0 : await lastSeq(log.reader.sql, project)
    const known = feeds.get(project)
    if (known) return known
    const feed = { seq, members: new Set<Member>(), running: false, hasNews: false }
    feeds.set(project, feed)
    return feed
  }

  function leave(project: string, member: Member): void {
    const feed = feeds.get(project)
    feed?.members.delete(member)
    if (feed?.members.size === 0) feeds.delete(project)
  }

  return async (principal, { after, afterName = 'after', time, ...filter }) => {
    const { sql } = log.reader
    const project = principal.project.id
    const last = await lastSeq(sql, project)
    checkPosition(after, last, afterName)
    const since = time && (await boundsOf(sql, project, time)).after
    const seq =
      after === undefined && since === undefined ? last : Math.max(after ?? 0, since ?? 0)

    const gone = new AbortController()
    let follower: Follower | undefined
    let member: Member | undefined
    let unwatch = () => {}

    function stop(): void {
      unwatch()
      gone.abort()
      if (member) leave(project, member)
    }
    function end(): void {
      stop()
      follower?.onEnd()
    }
    unwatch = await keys.watch(principal, 'api.audit.read', end)
    return {
      position: seq,
      start(given) {
        follower = given
        if (gone.signal.aborted) return given.onEnd()
        member = { seq, follower: given }
        catchUp(project, filter, member, gone.signal).catch((error: unknown) => {
          logger.error({ err: error, project }, 'events could not be read')
          end()
        })
      },
      stop,
    }
  }
}

/** Tells a follower what is new to it; the array is the same for all to whom all of it is. @returns bytes */
function tell(member: Member, events: readonly EventView[]): number {
  const last = events.at(-1)
  if (!last || last.position <= member.seq) return 0
  const { seq } = member
  const isNew = (events[0]?.position ?? 0) > seq
  member.seq = last.position
  return member.follower.onEvents(
    isNew ? events : events.filter(({ position }) => position > seq),
  )
}
