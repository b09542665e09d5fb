import { CustodyError, quote } from '@custody/domain/errors'
import type { FormField } from '../../dialects/dialect.ts'
import { parseObject } from '../values/parse-object.ts'
import { duplicateParameter, singleField } from '../values/single-field.ts'
import type { OptionKind } from './option-kinds.ts'

type Kinds = Readonly<Record<string, OptionKind<unknown>>>

/** The options that were sent. */
export type Options<K extends Kinds> = {
  readonly [Name in keyof K]?: K[Name] extends OptionKind<infer Value> ? Value : never
}

/** An object of options in a form. */
export type OptionFields<K extends Kinds> = {
  /** Whether the field is the object or one of its options. @throws CustodyError for an option that it does not have */
  takes(fieldName: string): boolean
  /** @throws CustodyError for an option that is unknown, repeated or wrong */
  parse(fields: readonly FormField[]): Options<K>
}

/**
 * An object whose members are options of these kinds. SDKs send a field `name[option]` for each; one JSON object in
 * the field `name` is understood as well.
 */
export function optionFields<K extends Kinds>(name: string, kinds: K): OptionFields<K> {
  const start = `${name}[`
  const paramOf = (option: string) => `${name}[${option}]`
  const known: ReadonlyMap<string, OptionKind<unknown>> = new Map(
    Object.entries(kinds).map(([option, kind]) => [paramOf(option), kind]),
  )

  function kindOf(param: string): OptionKind<unknown> {
    const kind = known.get(param)
    if (kind !== undefined) return kind
    throw new CustodyError(
      'unknown_parameter',
      `Unknown parameter: ${quote(param)}. The options of '${name}' are ${Object.keys(kinds).join(', ')}.`,
      { param: param.slice(0, 64) },
    )
  }

  function fromBrackets(fields: readonly FormField[]): Map<string, unknown> {
    const values = new Map<string, unknown>()
    for (const { name: param, value } of fields) {
      if (!param.startsWith(start)) continue
      const option = param.slice(start.length, -1)
      if (values.has(option)) throw duplicateParameter(param)
      values.set(option, kindOf(param).fromText(value, param))
    }
    return values
  }

  function fromObject(json: string): Map<string, unknown> {
    const values = new Map<string, unknown>()
    for (const [option, value] of Object.entries(parseObject(json, name))) {
      const param = paramOf(option)
      values.set(option, kindOf(param).fromJson(value, param))
    }
    return values
  }

  return {
    takes: (fieldName) =>
      fieldName === name ||
      (fieldName.startsWith(start) && kindOf(fieldName) !== undefined),
    parse(fields) {
      const json = singleField(fields, name)
      const inBrackets = fromBrackets(fields)
      if (json === undefined) return Object.fromEntries(inBrackets) as Options<K>
      if (inBrackets.size > 0) throw duplicateParameter(name)
      return Object.fromEntries(fromObject(json)) as Options<K>
    },
  }
}
