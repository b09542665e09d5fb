import type { Plugin } from '@custody/plugin-api'
import type { Step } from './run-plan.ts'

/**
 * Who looks at files of a purpose, in order: its owner, then the checks in the order of the configuration.
 * A plugin's check is that for the purpose, else that for `'*'`.
 */
export function planOf(
  purpose: string,
  plugins: readonly Plugin[],
  options: readonly unknown[],
): readonly Step[] {
  const owners: Step[] = []
  const checks: Step[] = []
  for (const [index, plugin] of plugins.entries()) {
    const step = { index, plugin: plugin.name, options: options[index] }
    const owned = own(plugin.purposes, purpose)?.validate
    if (owned !== undefined) owners.push({ ...step, validate: owned })
    const check = own(plugin.checks, purpose) ?? own(plugin.checks, '*')
    if (check !== undefined) checks.push({ ...step, validate: check.validate })
  }
  return [...owners, ...checks]
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string) {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
