import type { CommandResult } from '@custody/testkit'

type Report = {
  readonly ok: boolean
  readonly findings: number
  readonly checks: readonly {
    readonly check: string
    readonly status: string
    readonly findings: readonly { readonly problem: string; readonly action: string }[]
  }[]
}

/** What `custody doctor --json` said. */
export const reportOf = ({ stdout }: CommandResult): Report => JSON.parse(stdout)

/** The checks that found something, with what they say. */
export function problemsOf(result: CommandResult): Record<string, string> {
  const found = reportOf(result).checks.filter(({ status }) => status === 'findings')
  return Object.fromEntries(
    found.map(({ check, findings }) => [
      check,
      findings.map(({ problem }) => problem).join('\n'),
    ]),
  )
}
