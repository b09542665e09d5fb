import { type EventBody, upcast } from '@custody/domain'
import { type Sql, type StoredEvent, seqOfPosition } from '@custody/event-log'

/** An event as clients see it. */
export type EventView = {
  readonly id: string
  /** Of the event in its project. */
  readonly position: number
  readonly project: string
  /** The id of what it happened to; a file's as a plain UUID. */
  readonly stream: string
  /** Such as `FileUploaded`. */
  readonly type: string
  /** RFC 3339, UTC, six digits. */
  readonly time: string
  readonly actor: string
  readonly requestId: string
  /** With the private groups that may be shown as members. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Other groups, such as what tells one key from another, are nobody's to see, though they are in the log. */
const shownGroupNames: readonly string[] = ['personal', 'content']

/** What is null in place of a name that was erased. */
const names: Readonly<Record<string, string>> = {
  FileUploaded: 'filename',
  UploadCreated: 'filename',
  WebhookCreated: 'url',
  WebhookUpdated: 'url',
}

/** Brings an event to today's form. `sql` is asked only where it names others. */
export async function toEventView(sql: Sql, stored: StoredEvent): Promise<EventView> {
  const { record } = stored
  const body = upcast(record.type, record.schema, {
    data: record.data,
    private: stored.private,
  })
  return {
    id: record.id,
    position: record.seq,
    project: record.project,
    stream: record.stream,
    type: record.type,
    time: record.time,
    actor: record.actor,
    requestId: record.request,
    data: {
      ...(await shownData(sql, record.project, record.type, body.data)),
      ...shownGroups(record.type, record.commit, body.private),
    },
  }
}

async function shownData(
  sql: Sql,
  project: string,
  type: string,
  data: EventBody['data'],
): Promise<object> {
  if (typeof data !== 'object' || data === null) return {}
  if (type !== 'PrivateDataErased' || !('erased' in data)) return data
  // The log's own positions would tell a project how much the others do.
  const groups = data.erased as readonly { position: number; group: string }[]
  const erased: object[] = []
  for (const { position, group } of groups) {
    const seq = await seqOfPosition(sql, project, position)
    erased.push({ position: String(seq ?? 0), group })
  }
  return { erased }
}

/** Erased groups are null, but for names, which are null in their place. */
function shownGroups(
  type: string,
  committed: Readonly<Record<string, string>>,
  groups: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const group of shownGroupNames) {
    if (!Object.hasOwn(committed, group)) continue
    const erased = group === 'personal' ? { [names[type] ?? 'name']: null } : null
    shown[group] = groups[group] ?? erased
  }
  return shown
}
