import type { Facts, Issue, PluginFile, Validate } from '@custody/plugin-api'
import { checkVerdict, verdictOfReadError } from '@custody/plugin-api/host'
import { describeFault } from '../describe-fault.ts'
import { asPlugin } from './plugin-scope.ts'

/** One plugin's look at a file. */
export type Step = {
  /** Index of the plugin in the configuration. */
  readonly index: number
  readonly plugin: string
  readonly options: unknown
  /** Smallest file in bytes that it wants to see. */
  readonly from: number
  readonly validate: Validate
}

const MAX_WARNINGS = 100

/**
 * Runs the steps over a file, one after another, until one refuses it or fails. Gives the reply's text; only
 * where a validator (or `onStep`, told before each step) answers with a promise is it one.
 */
export function runPlan(
  steps: readonly Step[],
  file: PluginFile,
  signal: AbortSignal,
  onStep: (step: Step, position: number) => Promise<void> | undefined,
): string | Promise<string> {
  const findings: Findings = { factsJson: new Map(), warnings: [] }
  return runFrom(0)

  function runFrom(first: number): string | Promise<string> {
    for (let position = first; position < steps.length; position += 1) {
      const step = steps[position]
      if (step === undefined) break
      if (file.size < step.from) continue
      const entered = onStep(step, position)
      let verdict: unknown
      try {
        verdict = entered === undefined ? look(step) : entered.then(() => look(step))
      } catch (error) {
        return refusedOrFailed(step, error)
      }
      if (isPromiseLike(verdict)) {
        return Promise.resolve(verdict).then(
          (value) => take(step, value, findings) ?? runFrom(position + 1),
          (error) => refusedOrFailed(step, error),
        )
      }
      const reply = take(step, verdict, findings)
      if (reply !== undefined) return reply
    }
    return accepted(findings)
  }

  function look(step: Step): unknown {
    const context = { options: step.options, signal }
    return asPlugin(step.plugin, () => step.validate(file, context))
  }
}

type Findings = {
  readonly factsJson: Map<string, string>
  readonly warnings: Issue[]
}

/** Notes an acceptance; gives the reply when the verdict ends the run. */
function take(step: Step, verdict: unknown, findings: Findings): string | undefined {
  try {
    const checked = checkVerdict(verdict)
    if (!checked.ok) {
      const { issues, issueCounts } = checked
      return `r${JSON.stringify({ plugin: step.plugin, issues, issueCounts })}`
    }
    if (checked.warnings.length > 0) findings.warnings.push(...checked.warnings)
    noteFacts(step.plugin, checked.factsJson, findings.factsJson)
    return undefined
  } catch (error) {
    return failed(step, error)
  }
}

/** A plugin that owns the purpose and checks it too has its facts in one object, within the same bound. */
function noteFacts(plugin: string, json: string, factsJson: Map<string, string>): void {
  if (json === '{}') return
  const former = factsJson.get(plugin)
  if (former === undefined) {
    factsJson.set(plugin, json)
    return
  }
  const facts: Facts = { ...JSON.parse(former), ...JSON.parse(json) }
  const merged = checkVerdict({ ok: true, facts, warnings: [] })
  if (merged.ok) factsJson.set(plugin, merged.factsJson)
}

function accepted({ factsJson, warnings }: Findings): string {
  let facts = ''
  for (const [plugin, json] of factsJson) {
    facts += `${facts === '' ? '' : ','}${JSON.stringify(plugin)}:${json}`
  }
  if (warnings.length === 0) return `a{${facts}}`
  const kept = JSON.stringify(warnings.slice(0, MAX_WARNINGS))
  return `w{"facts":{${facts}},"warnings":${kept}}`
}

function refusedOrFailed(step: Step, error: unknown): string {
  const verdict = verdictOfReadError(error)
  if (verdict === undefined) return failed(step, error)
  const { issues, issueCounts } = verdict
  return `r${JSON.stringify({ plugin: step.plugin, issues, issueCounts })}`
}

function failed(step: Step, error: unknown): string {
  return `f${JSON.stringify({ plugin: step.plugin, detail: describeFault(error) })}`
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' &&
      value !== null &&
      'then' in value &&
      typeof value.then === 'function')
  )
}
