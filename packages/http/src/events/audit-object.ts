import { type EventType, eventName, eventSchemas, isEventType } from '@custody/domain'
import type { AuditEntry } from '@custody/service'
import { dialectNamed } from '../dialects/dialects.ts'
import { subjectOf } from './event-ids.ts'

/** Where OpenAI has another name for it. */
const otherNames: Readonly<Record<string, string>> = { ApiKeyRevoked: 'api_key.deleted' }

const byName: ReadonlyMap<string, EventType> = new Map(
  Object.keys(eventSchemas)
    .filter(isEventType)
    .map((type) => [auditType(type), type]),
)

function auditType(type: string): string {
  return otherNames[type] ?? eventName(type)
}

/** The type of events that has this name; undefined: none of ours. */
export function parseAuditType(name: string): EventType | undefined {
  return byName.get(name)
}

/**
 * An entry of OpenAI's audit log. What happened to a file, and the rest that OpenAI has no name for, is named the same
 * way: `file.uploaded`, with a member of that name.
 *
 * @see https://platform.openai.com/docs/api-reference/audit-logs/object
 */
export function auditObject({ event, project, actor }: AuditEntry): {
  readonly id: string
} & Readonly<Record<string, unknown>> {
  const type = auditType(event.type)
  return {
    id: event.id,
    type,
    effective_at: Math.floor(Date.parse(event.time) / 1000),
    ...(project && { project: { id: project.id, name: project.name } }),
    actor: actor && {
      type: 'api_key',
      api_key: {
        id: actor.id,
        type: actor.serviceAccount === null ? 'user' : 'service_account',
        ...(actor.serviceAccount !== null && {
          service_account: { id: actor.serviceAccount },
        }),
      },
    },
    [type]: {
      id: project ? subjectOf(event, dialectNamed(project.dialect)) : event.stream,
      ...detailsOf(type, event.data),
    },
  }
}

function detailsOf(type: string, { personal, ...data }: AuditEntry['event']['data']) {
  const all = { ...data, ...(typeof personal === 'object' && personal) }
  switch (type) {
    case 'project.created':
      return { data: withTitle(all) }
    case 'project.updated':
      return { changes_requested: withTitle(all) }
    case 'service_account.created':
      return { data: { ...all, role: 'member' } }
    case 'api_key.updated':
    case 'service_account.updated':
      return { changes_requested: all }
    default:
      return Object.keys(all).length === 0 ? {} : { data: all }
  }
}

/** OpenAI shows the name of a project as its title, too. */
function withTitle(data: object): object {
  return 'name' in data ? { ...data, title: data.name } : data
}
