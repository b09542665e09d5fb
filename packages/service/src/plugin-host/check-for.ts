/**
 * A plugin's check of files of a purpose: that for the purpose, else that for `'*'`. One that is for other
 * dialects counts as absent.
 */
export function checkFor<Check extends { readonly dialects?: readonly string[] }>(
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
