import { CustodyError, quote } from '@custody/domain/errors'
import type { ReactionEvent } from '@custody/plugin-api'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { PluginEntry, PurposeInfo, ReactionInfo, ValidatedBy } from '../types.ts'
import { checkFor, ownerFor } from './check-for.ts'
import {
  type Declaration,
  type DeclaredPurpose,
  declarationSchema,
} from './declaration-schema.ts'

/** What the plugins declare, checked and joined. */
export type Registry = {
  readonly purposes: ReadonlyMap<string, PurposeInfo>
  readonly reactions: readonly ReactionInfo[]
  /** Names in the order of the configuration. */
  readonly pluginNames: readonly string[]
  /** Checked options in the order of the configuration, with their schema's defaults. */
  readonly options: readonly unknown[]
  /**
   * Who looks at files of a purpose in a dialect, in order: where no plugin offers the purpose there, checks alone.
   * `bytes`: the file's size, or `NaN` while it still arrives.
   */
  readonly lookersAt: (
    purpose: string,
    dialect: string,
    bytes: number,
  ) => readonly ValidatedBy[]
  /** Purposes whose owner can read a file that is still being written. */
  readonly streaming: ReadonlySet<string>
  /** Purposes that only a check names, so that a slip of the pen is seen. */
  readonly unownedChecks: readonly { readonly plugin: string; readonly purpose: string }[]
}

const eventTypes = [
  'FileUploaded',
  'FileExpired',
  'FileDeleted',
] as const satisfies readonly ReactionEvent['type'][]

/**
 * Checks the declarations (JSON, one for each entry) and joins them.
 *
 * @throws CustodyError `invalid_plugin`
 */
export function createRegistry(
  entries: readonly PluginEntry[],
  declarations: readonly string[],
  knownDialects: readonly string[] | undefined,
): Registry {
  // The schema is ours: compiling the one that schemas must match would take longer than all of this.
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false })
  const checkShape = ajv.compile<Declaration>(declarationSchema)
  const plugins = entries.map((entry, index) => {
    const declared: unknown = JSON.parse(declarations[index] ?? 'null')
    if (!checkShape(declared)) throw invalid(entry, faultText(checkShape.errors))
    checkDialects(entry, declared, knownDialects)
    checkExtensions(entry, declared)
    return { entry, declared, options: checkOptions(ajv, entry, declared) }
  })
  checkNames(plugins)
  const purposes = joinPurposes(plugins)
  const declarationsInOrder = plugins.map(({ declared }) => declared)
  return {
    purposes,
    reactions: declarationsInOrder.flatMap(reactionsOf),
    pluginNames: declarationsInOrder.map(({ name }) => name),
    options: plugins.map(({ options }) => options),
    lookersAt: findLookers(purposes, declarationsInOrder),
    streaming: new Set(
      declarationsInOrder.flatMap(({ purposes: own = {} }) =>
        Object.keys(own).filter((name) => own[name]?.streaming === true),
      ),
    ),
    unownedChecks: declarationsInOrder.flatMap(({ name, checks = {} }) =>
      Object.keys(checks)
        .filter((purpose) => purpose !== '*' && !purposes.has(purpose))
        .map((purpose) => ({ plugin: name, purpose })),
    ),
  }
}

type Checked = {
  readonly entry: PluginEntry
  readonly declared: Declaration
  readonly options: unknown
}

/** A copy of the options with defaults filled in. The schema is compiled apart: two may have the same `$id`. */
function checkOptions(
  schemas: Ajv2020,
  entry: PluginEntry,
  declared: Declaration,
): unknown {
  const options: unknown = structuredClone(entry.options ?? {})
  const { optionsSchema } = declared
  if (optionsSchema === undefined) {
    if (JSON.stringify(options) === '{}') return options
    throw invalid(entry, `the plugin ${quote(declared.name)} takes no options`)
  }
  const noSchema = (why: string, cause?: unknown) =>
    invalid(entry, `its optionsSchema is no JSON Schema: ${why}`, cause)
  let isSchema: unknown
  try {
    isSchema = schemas.validateSchema(optionsSchema)
  } catch (error) {
    throw noSchema(String(error), error)
  }
  if (!isSchema) throw noSchema(schemas.errorsText())
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    useDefaults: true,
    // That is done above, by one schema of schemas for all plugins: compiling it takes long.
    validateSchema: false,
    // In JSON Schema 2020-12 a format is a note, not a rule.
    validateFormats: false,
  })
  let check: ReturnType<typeof ajv.compile>
  try {
    check = ajv.compile(optionsSchema)
  } catch (error) {
    throw noSchema(String(error), error)
  }
  if (check(options)) return options
  throw invalid(entry, `its options: ${faultText(check.errors)}`)
}

function checkDialects(
  entry: PluginEntry,
  declared: Declaration,
  known: readonly string[] | undefined,
): void {
  if (known === undefined) return
  const { purposes = {}, checks = {} } = declared
  const named = [
    ...Object.entries(purposes).map(([name, own]) => ['purpose', name, own] as const),
    ...Object.entries(checks).map(([name, own]) => ['the check of', name, own] as const),
  ]
  for (const [what, name, { dialects = [] }] of named) {
    const unknown = dialects.find((dialect) => !known.includes(dialect))
    if (unknown === undefined) continue
    throw invalid(
      entry,
      `${what} ${quote(name)} names the dialect ${quote(unknown)}; there are ${known.join(', ')}`,
    )
  }
}

/** A bound for an extension that the purpose does not take would be a slip of the pen. */
function checkExtensions(entry: PluginEntry, { purposes = {} }: Declaration): void {
  for (const [name, { extensions, maxBytesByExtension = {} }] of Object.entries(
    purposes,
  )) {
    const bounded = Object.keys(maxBytesByExtension)
    const unknown = bounded.find((extension) => extensions?.includes(extension) === false)
    if (extensions === undefined || unknown === undefined) continue
    throw invalid(
      entry,
      `purpose ${quote(name)} bounds the extension ${quote(unknown)}, which it does not take; it takes ${extensions.join(', ')}`,
    )
  }
}

function checkNames(plugins: readonly Checked[]): void {
  const modules = new Map<string, string>()
  for (const { entry, declared } of plugins) {
    const other = modules.get(declared.name)
    if (other !== undefined) {
      throw invalid(entry, `its name ${quote(declared.name)} is also that of ${other}`)
    }
    modules.set(declared.name, entry.module)
  }
}

function joinPurposes(plugins: readonly Checked[]): ReadonlyMap<string, PurposeInfo> {
  const purposes = new Map<string, PurposeInfo>()
  for (const { entry, declared } of plugins) {
    for (const [name, purpose] of Object.entries(declared.purposes ?? {})) {
      const owner = purposes.get(name)
      if (owner !== undefined) {
        throw invalid(
          entry,
          `the plugins ${quote(owner.plugin)} and ${quote(declared.name)} both claim the purpose ${quote(name)}`,
        )
      }
      purposes.set(name, purposeInfo(name, declared, purpose))
    }
  }
  return purposes
}

function purposeInfo(
  name: string,
  { name: plugin, version }: Declaration,
  purpose: DeclaredPurpose,
): PurposeInfo {
  return Object.freeze({
    name,
    plugin,
    version,
    direction: purpose.direction,
    extensions: purpose.extensions ?? null,
    maxBytes: purpose.maxBytes ?? null,
    maxBytesByExtension: purpose.maxBytesByExtension ?? {},
    defaultExpirySeconds: purpose.defaultExpirySeconds ?? null,
    dialects: purpose.dialects ?? null,
  })
}

/** Every upload asks, so what was found for a plugin's purpose and a dialect is kept. */
function findLookers(
  purposes: ReadonlyMap<string, unknown>,
  declarations: readonly Declaration[],
): Registry['lookersAt'] {
  const newCache = () => new Map<string, readonly ValidatedBy[]>()
  const found = new Map(
    [...purposes.keys()].map((name) => [
      name,
      { from: validateFrom(name, declarations), below: newCache(), others: newCache() },
    ]),
  )
  return (purpose, dialect, bytes) => {
    const caches = found.get(purpose)
    // Not kept: a dialect that takes any purpose would let clients fill the memory
    if (caches === undefined) return lookersAt(purpose, dialect, bytes, declarations)
    const byDialect = bytes < caches.from ? caches.below : caches.others
    const known = byDialect.get(dialect)
    if (known !== undefined) return known
    const lookers = lookersAt(purpose, dialect, bytes, declarations)
    byDialect.set(dialect, lookers)
    return lookers
  }
}

/** Smallest file that the validator of a purpose's owner is to see. */
function validateFrom(purpose: string, declarations: readonly Declaration[]): number {
  const owner = declarations.find(({ purposes = {} }) => Object.hasOwn(purposes, purpose))
  return owner?.purposes?.[purpose]?.validateFrom ?? 0
}

function lookersAt(
  purpose: string,
  dialect: string,
  bytes: number,
  declarations: readonly Declaration[],
): readonly ValidatedBy[] {
  const isBelow = bytes < validateFrom(purpose, declarations)
  const owners = declarations.filter(({ purposes = {} }) => {
    const owned = ownerFor(purposes, purpose, dialect)
    return owned?.validate !== undefined && !isBelow
  })
  const checkers = declarations.filter(
    ({ checks }) => checkFor(checks, purpose, dialect) !== undefined,
  )
  const inOrder = new Set([...owners, ...checkers])
  return Object.freeze(
    [...inOrder].map(({ name, version }) => Object.freeze({ plugin: name, version })),
  )
}

function reactionsOf({ name, version, purposes = {}, on }: Declaration): ReactionInfo[] {
  if (on === undefined) return []
  const types = eventTypes.filter((type) => on[type] !== undefined)
  const seen = on.purposes === '*' ? '*' : Object.keys(purposes)
  return types.length === 0 ? [] : [{ plugin: name, version, purposes: seen, types }]
}

function faultText(errors: readonly ErrorObject[] | null | undefined): string {
  const texts = (errors ?? []).map(({ instancePath, keyword, message, params }) => {
    const path = instancePath.slice(1).replaceAll('/', '.')
    const detail =
      keyword === 'additionalProperties'
        ? `does not know ${quote(params.additionalProperty)}`
        : keyword === 'const'
          ? `must be ${JSON.stringify(params.allowedValue)}`
          : keyword === 'enum'
            ? `must be one of ${JSON.stringify(params.allowedValues)}`
            : message
    return path === '' ? `${detail}` : `${path} ${detail}`
  })
  return [...new Set(texts)].slice(0, 5).join('; ')
}

function invalid(entry: PluginEntry, what: string, cause?: unknown): CustodyError {
  return new CustodyError('invalid_plugin', `Plugin '${entry.module}': ${what}.`, {
    cause,
  })
}
