type ForDialects = { readonly dialects?: readonly string[] }

/** A plugin's own purpose of this name, where it offers it in the dialect. */
export function ownerFor<Purpose extends ForDialects>(
  purposes: Readonly<Record<string, Purpose>> | undefined,
  name: string,
  dialect: string,
): Purpose | undefined {
  const own =
    purposes !== undefined && Object.hasOwn(purposes, name) ? purposes[name] : undefined
  return own?.dialects?.includes(dialect) === false ? undefined : own
}

/**
 * A plugin's check of files of a purpose: that for the purpose, else that for `'*'`. One that is for other
 * dialects counts as absent.
 */
export function checkFor<Check extends ForDialects>(
  checks: Readonly<Record<string, Check>> | undefined,
  purpose: string,
  dialect: string,
): Check | undefined {
  for (const key of [purpose, '*']) {
    const check = checks !== undefined && Object.hasOwn(checks, key) && checks[key]
    if (check && (check.dialects?.includes(dialect) ?? true)) return check
  }
  return undefined
}
