import type { EventType } from '../events/event-map.ts'
import { eventName } from '../events/event-name.ts'
import { eventSchemas } from '../events/event-schemas.ts'

/** Stands for every event that a webhook can be told of, but for those that have to be asked for by name. */
export const ALL_EVENTS = '*'

/** What a webhook is about: what happens to files and uploads, and to the project's webhooks themselves. */
const things = /^(File|Upload|Webhook)[A-Z]/

/** A receiver that looks at a file when it is told of something would be told of that, and look again. */
const onlyByName: ReadonlySet<EventType> = new Set(['FileContentRead'])

const byName: ReadonlyMap<string, EventType> = new Map(
  (Object.keys(eventSchemas) as EventType[])
    .filter((type) => things.test(type))
    .map((type) => [eventName(type), type]),
)

/** Names of the events that a webhook can be told of, such as `file.uploaded`. */
export const webhookEventNames: readonly string[] = [...byName.keys()].sort()

/** The types that these names mean; a name that is no longer known means none. */
export function webhookEventTypes(names: readonly string[]): EventType[] {
  const named = names.flatMap((name) => byName.get(name) ?? [])
  if (!names.includes(ALL_EVENTS)) return named
  const usual = [...byName.values()].filter((type) => !onlyByName.has(type))
  return [...new Set([...usual, ...named])]
}
