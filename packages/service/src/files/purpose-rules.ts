import { CustodyError, quote } from '@custody/domain'
import type { Principal } from '../auth/principal.ts'
import type { PluginHost, PurposeInfo } from '../plugin-host/index.ts'
import type { UploadPolicy } from './files.ts'

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

/** Largest file in bytes, inclusive: the project's limit, else the dialect's, else the plugin's. */
export function maxBytesOf(
  purpose: PurposeInfo,
  principal: Principal,
  policy: UploadPolicy,
): number {
  const { limits } = principal.project
  return (
    limits.purposes?.[purpose.name]?.max_bytes ??
    limits.max_file_bytes ??
    policy.purposes[purpose.name]?.maxBytes ??
    Math.min(purpose.maxBytes ?? Number.POSITIVE_INFINITY, policy.maxFileBytes)
  )
}

/** Largest file in bytes, inclusive, of all purposes that the principal may upload to. */
export function mostBytes(
  offered: readonly PurposeInfo[],
  principal: Principal,
  policy: UploadPolicy,
): number {
  const bounds = offered.map((purpose) => maxBytesOf(purpose, principal, policy))
  if (policy.anyPurpose) {
    const { max_file_bytes, purposes = {} } = principal.project.limits
    bounds.push(max_file_bytes ?? policy.maxFileBytes)
    bounds.push(...Object.values(purposes).map(({ max_bytes }) => max_bytes ?? 0))
  }
  return Math.max(0, ...bounds)
}

/**
 * Largest file of this name in bytes, inclusive, and what sets that bound: the purpose's limit, or that of the
 * extension (the dialect's, else the plugin's) where it is smaller.
 */
export function limitOf(
  purpose: PurposeInfo,
  extension: string,
  principal: Principal,
  policy: UploadPolicy,
): { readonly maxBytes: number; readonly setBy: string } {
  const maxBytes = maxBytesOf(purpose, principal, policy)
  const ofExtension =
    policy.extensions?.[extension]?.maxBytes ?? purpose.maxBytesByExtension[extension]
  return ofExtension !== undefined && ofExtension < maxBytes
    ? { maxBytes: ofExtension, setBy: `extension ${quote(extension)}` }
    : { maxBytes, setBy: `purpose ${quote(purpose.name)}` }
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

/** `bytes`: what the file has, or at least has where the rest was not read. `what`: who takes no more. */
export function tooLarge(
  bytes: number | `at least ${number}`,
  limit: number,
  what: string,
  param = 'file',
): CustodyError {
  return new CustodyError(
    'file_too_large',
    `The file is too large: ${what} takes at most ${limit} bytes (${describeBytes(limit)}), and this one has ${bytes}.`,
    { param },
  )
}

function describeBytes(bytes: number): string {
  const mib = bytes / 1024 / 1024
  return mib >= 1
    ? `${Math.round(mib * 10) / 10} MiB`
    : `${Math.round(bytes / 102.4) / 10} KiB`
}
