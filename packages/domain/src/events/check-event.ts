import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { DomainEvent } from './event-map.ts'
import { eventSchemas } from './event-schemas.ts'

type Checks = {
  readonly data: ValidateFunction
  readonly groups: ReadonlyMap<
    string,
    { readonly required: boolean; readonly check: ValidateFunction }
  >
}

/** Compiles the schemas once and returns the check that every event passes before it is written. */
export function createEventCheck(): (event: DomainEvent) => void {
  const ajv = new Ajv2020({ strict: true, allErrors: false })
  const checks = new Map<string, Checks>()
  for (const [type, entry] of Object.entries(eventSchemas)) {
    const groups = new Map(
      Object.entries(entry.private ?? {}).map(([group, { required, body }]) => [
        group,
        { required, check: ajv.compile(body) },
      ]),
    )
    checks.set(type, { data: ajv.compile(entry.data), groups })
  }

  return function checkEvent(event) {
    const entry = checks.get(event.type)
    if (!entry) throw new TypeError(`Unknown event type '${event.type}'`)
    if (!entry.data(event.data)) throw wrong(event.type, 'data', entry.data)
    const given: Readonly<Record<string, unknown>> = event.private ?? {}
    for (const [group, { required, check }] of entry.groups) {
      const body = given[group]
      if (body === undefined) {
        if (required)
          throw new TypeError(`Event ${event.type} lacks its private group '${group}'`)
      } else if (!check(body)) throw wrong(event.type, group, check)
    }
    for (const group in given) {
      if (!entry.groups.has(group)) {
        throw new TypeError(`Event ${event.type} has no private group '${group}'`)
      }
    }
  }
}

function wrong(type: string, part: string, check: ValidateFunction): TypeError {
  const error = check.errors?.[0]
  return new TypeError(
    `Event ${type} does not match its schema: ${part}${error?.instancePath ?? ''} ${error?.message ?? ''}`,
  )
}
