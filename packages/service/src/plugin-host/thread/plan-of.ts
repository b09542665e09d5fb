import type { Plugin } from '@custody/plugin-api'
import { checkFor } from '../check-for.ts'
import type { Step } from './run-plan.ts'

/**
 * Who looks at files of a purpose that are uploaded in a dialect, in order: the purpose's owner, then the
 * checks in the order of the configuration.
 */
export function planOf(
  purpose: string,
  dialect: string,
  plugins: readonly Plugin[],
  options: readonly unknown[],
): readonly Step[] {
  const owners: Step[] = []
  const checks: Step[] = []
  for (const [index, plugin] of plugins.entries()) {
    const step = { index, plugin: plugin.name, options: options[index], from: 0 }
    const { validate, validateFrom: from = 0 } = own(plugin.purposes, purpose) ?? {}
    if (validate !== undefined) owners.push({ ...step, validate, from })
    const check = checkFor(plugin.checks, purpose, dialect)
    if (check !== undefined) checks.push({ ...step, validate: check.validate })
  }
  return [...owners, ...checks]
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string) {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
