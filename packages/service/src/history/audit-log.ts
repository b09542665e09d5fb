import { CustodyError, type EventType, quote } from '@custody/domain'
import {
  type EventPlace,
  positionAt,
  positionOfEvent,
  readMatchingEvents,
  type Sql,
} from '@custody/event-log'
import { findApiKey, findProject } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'
import { type EventView, toEventView } from './event-view.ts'

/** What is absent does not matter; of a list, one must match. */
export type AuditQuery = {
  readonly limit: number
  /** Id of an event: those that are older. */
  readonly after?: string
  /** Id of an event: those that are newer; without `after`, the nearest of them. */
  readonly before?: string
  /** Unix seconds of events. */
  readonly effectiveAt?: {
    readonly gt?: number
    readonly gte?: number
    readonly lt?: number
    readonly lte?: number
  }
  readonly projects?: readonly string[]
  readonly types?: readonly EventType[]
  /** Ids of keys or of their service accounts, or `admin`. */
  readonly actors?: readonly string[]
  /** Ids of what events happened to; of files plain UUIDs. */
  readonly resources?: readonly string[]
}

export type AuditEntry = {
  readonly event: EventView
  /** null: the deployment's own. */
  readonly project: {
    readonly id: string
    /** null once erased. */
    readonly name: string | null
    readonly dialect: string
  } | null
  /** null: it happened by itself. */
  readonly actor: {
    /** Of a key, or `admin`. */
    readonly id: string
    readonly serviceAccount: string | null
  } | null
}

/** What happened in all projects, for administration. */
export interface AuditLog {
  /** The newest first. @throws CustodyError `cursor_not_found` */
  list(
    query: AuditQuery,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly hasMore: boolean }>
}

export function createAuditLog({ log }: Pick<ServiceEnvironment, 'log'>): AuditLog {
  return {
    async list(query, { signal }) {
      const { sql } = log.reader
      const names = createNames(sql)
      const { limit } = query
      const isBackward = query.before !== undefined && query.after === undefined
      const stored = await readMatchingEvents(sql, {
        ...(await boundsOf(sql, query, (await log.reader.head()).position)),
        order: isBackward ? 'asc' : 'desc',
        limit: limit + 1,
        matches: (place) => matches(place, query, names),
        signal,
      })
      const page = stored.slice(0, limit)
      if (isBackward) page.reverse()
      const entries: AuditEntry[] = []
      for (const one of page) {
        const event = await toEventView(sql, one)
        entries.push({
          event,
          project: await names.project(event.project),
          actor: await names.actor(event.actor),
        })
      }
      return { entries, hasMore: stored.length > limit }
    },
  }
}

async function matches(
  { project, stream, type, actor }: EventPlace,
  { projects, resources, types, actors }: AuditQuery,
  names: Names,
): Promise<boolean> {
  if (projects && !projects.includes(project)) return false
  if (resources && !resources.includes(stream)) return false
  if (types && !types.some((one) => one === type)) return false
  if (!actors) return true
  const found = await names.actor(actor)
  return (
    found !== null && actors.some((id) => id === found.id || id === found.serviceAccount)
  )
}

/** The range of the log that is asked for, both exclusive. */
async function boundsOf(
  sql: Sql,
  { after, before, effectiveAt = {} }: AuditQuery,
  last: number,
): Promise<{ readonly after: number; readonly before: number }> {
  const { gt, gte, lt, lte } = effectiveAt
  /** The last event before a second begins. */
  const until = (second: number) => positionAt(sql, second * 1_000_000 - 1)
  return {
    after: Math.max(
      before === undefined ? 0 : await cursor(sql, before, 'before'),
      gt === undefined ? 0 : await until(gt + 1),
      gte === undefined ? 0 : await until(gte),
    ),
    before: Math.min(
      after === undefined ? last + 1 : await cursor(sql, after, 'after'),
      lt === undefined ? Infinity : (await until(lt)) + 1,
      lte === undefined ? Infinity : (await until(lte + 1)) + 1,
    ),
  }
}

async function cursor(sql: Sql, id: string, param: string): Promise<number> {
  const position = await positionOfEvent(sql, id)
  if (position !== undefined) return position
  throw new CustodyError('cursor_not_found', `No such audit log: ${quote(id)}`, { param })
}

/** Who and what the events of a page name, each looked up once. */
type Names = {
  project(id: string): Promise<AuditEntry['project']>
  actor(actor: string): Promise<AuditEntry['actor']>
}

function createNames(sql: Sql): Names {
  const projects = new Map<string, AuditEntry['project']>()
  const actors = new Map<string, AuditEntry['actor']>()

  async function findActor(actor: string): Promise<AuditEntry['actor']> {
    if (actor.startsWith('system')) return null
    if (!actor.startsWith('key:')) return { id: actor, serviceAccount: null }
    const id = actor.slice('key:'.length)
    return { id, serviceAccount: (await findApiKey(sql, id))?.account ?? null }
  }

  return {
    async project(id) {
      let found = projects.get(id)
      if (found === undefined) {
        const state = await findProject(sql, id)
        found = state && { id, name: state.name, dialect: state.dialect }
        projects.set(id, found)
      }
      return found
    },
    async actor(actor) {
      let found = actors.get(actor)
      if (found === undefined) {
        found = await findActor(actor)
        actors.set(actor, found)
      }
      return found
    },
  }
}
