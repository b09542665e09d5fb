import { CustodyError, quote } from '@custody/domain'
import type { Principal } from '../../auth/principal.ts'
import type { PluginHost, PurposeInfo } from '../../plugin-host/index.ts'
import type { UploadPolicy } from '../files.ts'

/** Purposes of plugins that this principal may upload to, in the order in which they are declared. */
export function offeredPurposes(
  plugins: Pick<PluginHost, 'purposes'>,
  principal: Principal,
  policy: UploadPolicy,
): PurposeInfo[] {
  const writesOutput =
    policy.anyPurpose !== undefined || principal.scopes.has('api.files.write_output')
  return [...plugins.purposes.values()].filter(
    (purpose) =>
      isOffered(purpose, policy) &&
      (purpose.direction === 'input' ||
        writesOutput ||
        policy.openOutputPurposes.includes(purpose.name)),
  )
}

/** Whether the dialect has the purpose; an output purpose takes a scope besides. */
export function isOffered(
  { name, direction, dialects }: Pick<PurposeInfo, 'name' | 'direction' | 'dialects'>,
  { dialect, onlyPurposes }: Pick<UploadPolicy, 'dialect' | 'onlyPurposes'>,
): boolean {
  if (dialects) return dialects.includes(dialect)
  return direction === 'output' || (onlyPurposes?.includes(name) ?? true)
}

/**
 * The purpose of this name, or one like that of general files where the dialect takes any.
 *
 * @throws CustodyError `invalid_purpose`, naming those that are offered; `string_above_max_length`, `invalid_value`
 * for what is no name
 */
export function requirePurpose(
  offered: readonly PurposeInfo[],
  name: string,
  { anyPurpose }: Pick<UploadPolicy, 'anyPurpose'>,
): PurposeInfo {
  const found = offered.find((purpose) => purpose.name === name)
  if (found) return found
  if (anyPurpose) return namedPurpose(name, anyPurpose.maxLength)
  const names = offered.map((purpose) => `'${purpose.name}'`).join(', ')
  throw new CustodyError(
    'invalid_purpose',
    `${quote(name)} is not one of [${names}] - 'purpose'`,
    {
      param: 'purpose',
    },
  )
}

/** A purpose that no plugin has: it bounds nothing. */
function namedPurpose(name: string, maxLength: number): PurposeInfo {
  const length = [...name].length
  if (length > maxLength) {
    throw new CustodyError(
      'string_above_max_length',
      `Invalid 'purpose': string too long. Expected at most ${maxLength} characters, but got ${length} instead.`,
      { param: 'purpose' },
    )
  }
  if (/\p{Cc}/u.test(name)) {
    throw new CustodyError(
      'invalid_value',
      `Invalid 'purpose': ${quote(name)} has control characters.`,
      { param: 'purpose' },
    )
  }
  return {
    name,
    plugin: '',
    version: '',
    direction: 'input',
    extensions: null,
    maxBytes: null,
    maxBytesByExtension: {},
    defaultExpirySeconds: null,
    dialects: null,
  }
}

/** Largest file in bytes, inclusive, and what sets that bound, in the words of a refusal. */
export type FileLimit = { readonly maxBytes: number; readonly setBy: string }

const ofProject = 'this project'

/** The project's limit, else the dialect's, else the plugin's. */
function limitOfPurpose(
  purpose: PurposeInfo,
  { project: { limits } }: Principal,
  policy: UploadPolicy,
): FileLimit {
  const named = `purpose ${quote(purpose.name)}`
  const own = limits.purposes?.[purpose.name]?.max_bytes
  if (own !== undefined) return { maxBytes: own, setBy: `${named} of ${ofProject}` }
  if (limits.max_file_bytes !== undefined) {
    return { maxBytes: limits.max_file_bytes, setBy: ofProject }
  }
  const dialect = `dialect ${quote(policy.dialect)}`
  const inDialect = policy.purposes[purpose.name]?.maxBytes
  if (inDialect !== undefined)
    return { maxBytes: inDialect, setBy: `${named} of ${dialect}` }
  return purpose.maxBytes !== null && purpose.maxBytes <= policy.maxFileBytes
    ? { maxBytes: purpose.maxBytes, setBy: named }
    : { maxBytes: policy.maxFileBytes, setBy: dialect }
}

/** Largest file of all purposes that the principal may upload to. */
export function largestLimit(
  offered: readonly PurposeInfo[],
  principal: Principal,
  policy: UploadPolicy,
): FileLimit {
  const { max_file_bytes, purposes = {} } = principal.project.limits
  const bounds = offered.map((one) => limitOfPurpose(one, principal, policy).maxBytes)
  if (policy.anyPurpose) {
    bounds.push(max_file_bytes ?? policy.maxFileBytes)
    bounds.push(...Object.values(purposes).map(({ max_bytes }) => max_bytes ?? 0))
  }
  const maxBytes = Math.max(0, ...bounds)
  if (maxBytes === max_file_bytes) return { maxBytes, setBy: ofProject }
  return {
    maxBytes,
    setBy:
      max_file_bytes === undefined && maxBytes === policy.maxFileBytes
        ? `dialect ${quote(policy.dialect)}`
        : 'any purpose',
  }
}

/**
 * Largest file of this name: the purpose's limit, or that of the extension (the dialect's, else the plugin's) where it
 * is smaller.
 */
export function limitOf(
  purpose: PurposeInfo,
  extension: string,
  principal: Principal,
  policy: UploadPolicy,
): FileLimit {
  const general = limitOfPurpose(purpose, principal, policy)
  const named = `extension ${quote(extension)}`
  const inDialect = policy.extensions?.[extension]?.maxBytes
  const ofExtension =
    inDialect === undefined
      ? {
          maxBytes: purpose.maxBytesByExtension[extension] ?? Number.POSITIVE_INFINITY,
          setBy: `${named} of purpose ${quote(purpose.name)}`,
        }
      : { maxBytes: inDialect, setBy: `${named} of dialect ${quote(policy.dialect)}` }
  return ofExtension.maxBytes < general.maxBytes ? ofExtension : general
}

/** How long a file of the purpose is kept unless the request says otherwise; null: until deleted. */
export function defaultExpiry(
  purpose: PurposeInfo,
  principal: Principal,
  policy: UploadPolicy,
): { readonly afterSeconds: number; readonly policy: 'project' | 'purpose' } | null {
  const own = principal.project.limits.purposes?.[purpose.name]?.default_expiry_seconds
  if (own !== undefined) return { afterSeconds: own, policy: 'project' }
  const general =
    policy.purposes[purpose.name]?.defaultExpirySeconds ??
    purpose.defaultExpirySeconds ??
    null
  return general === null ? null : { afterSeconds: general, policy: 'purpose' }
}
