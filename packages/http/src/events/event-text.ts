import type { EventFilter, EventView } from '@custody/service'
import type { Dialect } from '../dialects/dialect.ts'
import { cloudEvent } from './cloud-event.ts'

/** Events as a live stream has them: made once for all readers that see the same. */
export interface EventTexts {
  /** Undefined: no event passes the filter. */
  of(
    events: readonly EventView[],
    filter: EventFilter,
    dialect: Dialect,
  ): Buffer | undefined
}

export function createEventTexts(): EventTexts {
  const single = new WeakMap<EventView, Map<Dialect, string>>()
  const whole = new WeakMap<readonly EventView[], Map<string, Buffer | undefined>>()

  function textOf(event: EventView, dialect: Dialect): string {
    const known = single.get(event) ?? new Map<Dialect, string>()
    let text = known.get(dialect)
    if (text === undefined) {
      const shown = cloudEvent(event, dialect)
      // JSON has no line end in it, so one line of data is enough (WHATWG HTML §9.2)
      text = `id: ${shown.position}\nevent: ${shown.type}\ndata: ${JSON.stringify(shown)}\n\n`
      single.set(event, known.set(dialect, text))
    }
    return text
  }

  return {
    of(events, filter, dialect) {
      const known = whole.get(events) ?? new Map<string, Buffer | undefined>()
      const key = JSON.stringify([dialect.name, filter.types, filter.file])
      if (known.has(key)) return known.get(key)
      const texts = events
        .filter((event) => passes(event, filter))
        .map((event) => textOf(event, dialect))
      const chunk = texts.length === 0 ? undefined : Buffer.from(texts.join(''))
      whole.set(events, known.set(key, chunk))
      return chunk
    },
  }
}

function passes({ type, stream }: EventView, { types, file }: EventFilter): boolean {
  return (
    (types === undefined || types.some((one) => one === type)) &&
    (file === undefined || file === stream)
  )
}
