import { CustodyError } from '@custody/domain'
import { configOf } from '../../config/config-of.ts'
import type { Config } from '../../config/load-config.ts'
import { requireDatabase } from '../../data-folder/require-database.ts'
import { type CheckReport, runChecks } from '../../doctor/run-checks.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { withAdmin } from '../with-admin.ts'

/** How often the progress is written, in milliseconds. */
const EVERY_MS = 100

export type DoctorFlags = {
  readonly quick?: boolean
  readonly json?: boolean
  readonly acceptClock?: boolean
}

/**
 * `custody doctor`: exit code 0 where all is well, 1 where something is to be done, 2 where there is nothing to look at.
 */
export async function doctor(
  context: CommandContext,
  flags: DoctorFlags,
): Promise<number> {
  let config: Config
  try {
    config = configOf(context)
    requireDatabase(config)
    if (flags.acceptClock) return await acceptClock(context, flags.json === true)
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    context.complain(error.message)
    return 2
  }
  const reports: CheckReport[] = []
  let current = 0
  const onProgress = teller(context)
  const running = runChecks({
    config,
    cwd: context.cwd,
    quick: flags.quick === true,
    now: Date.now(),
    onProgress,
  })
  for await (const report of running) {
    context.progress?.('')
    reports.push(report)
    if (!flags.json) for (const line of describe(report)) context.print(line)
    current += report.findings.length
  }
  if (flags.json) {
    context.print(
      JSON.stringify({ ok: current === 0, findings: current, checks: reports }),
    )
  } else if (current === 0) context.print('Nothing to be done.')
  else context.print(`${current} ${current === 1 ? 'finding' : 'findings'}.`)
  return current === 0 ? 0 : 1
}

/** Says in the log that the clock is right: an event. */
async function acceptClock(context: CommandContext, json: boolean): Promise<number> {
  const answer = await withAdmin(context, (api) => api.post('/clock/accept'))
  if (json) context.print(JSON.stringify(answer))
  else if (answer.accepted === true) {
    context.print(
      `The clock is accepted as it is (it was ${answer.problem === 'jumped' ? 'found to have jumped' : 'behind the log'}): what waited for it goes on.`,
    )
  } else context.print('Nothing was wrong with the clock, and nothing was changed.')
  return 0
}

function teller({ progress }: CommandContext) {
  let next = 0
  return (what: string, done: number, of: number | undefined) => {
    const now = performance.now()
    if (!progress || (now < next && done !== of)) return
    next = now + EVERY_MS
    progress(`${done}${of === undefined ? '' : ` of ${of}`} ${what}`)
  }
}

function* describe({ check, status, summary, findings }: CheckReport): Generator<string> {
  const word = { ok: 'ok', findings: 'PROBLEM', skipped: 'skipped' }[status]
  yield `${word.padEnd(8)} ${check.padEnd(12)} ${summary}`
  for (const { problem, action } of findings) {
    yield `    ${problem}`
    yield `      What to do: ${action}`
  }
}
