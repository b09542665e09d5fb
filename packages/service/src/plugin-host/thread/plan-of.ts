import type { Plugin } from '@custody/plugin-api'
import { checkFor, ownerFor } from '../declarations/check-for.ts'
import type { Step } from './run-plan.ts'

/**
 * Who looks at files of a purpose that are uploaded in a dialect, in order: the purpose's owner if it is offered
 * there, then the checks in the order of the configuration.
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
    const { validate, validateFrom: from = 0 } =
      ownerFor(plugin.purposes, purpose, dialect) ?? {}
    if (validate !== undefined) owners.push({ ...step, validate, from })
    const check = checkFor(plugin.checks, purpose, dialect)
    if (check !== undefined) checks.push({ ...step, validate: check.validate })
  }
  return [...owners, ...checks]
}
