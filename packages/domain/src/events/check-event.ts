import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { DomainEvent } from './event-map.ts'
import { eventSchemas } from './event-schemas.ts'

const schemas = new Map(Object.entries(eventSchemas))

type Checks = {
  readonly data: ValidateFunction
  readonly groups: ReadonlyMap<
    string,
    { readonly required: boolean; readonly check: ValidateFunction }
  >
}

/**
 * Returns the check that every event passes before it is written. A type's schemas are compiled once, with its first
 * event: all of them at every start would take longer than the rest of opening a log.
 */
export function createEventCheck(): (event: DomainEvent) => void {
  // Whether the schemas are any is a test's question.
  const ajv = new Ajv2020({ strict: true, allErrors: false, validateSchema: false })
  const checks = new Map<string, Checks>()

  function checksOf(type: string): Checks {
    const known = checks.get(type)
    if (known) return known
    const entry = schemas.get(type)
    if (!entry) throw new TypeError(`Unknown event type '${type}'`)
    const groups = new Map(
      Object.entries(entry.private ?? {}).map(([group, { required, body }]) => [
        group,
        { required, check: ajv.compile(body) },
      ]),
    )
    const compiled = { data: ajv.compile(entry.data), groups }
    checks.set(type, compiled)
    return compiled
  }

  return function checkEvent(event) {
    const entry = checksOf(event.type)
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
