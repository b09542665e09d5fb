import type { Issue } from '@custody/plugin-api'
import type { WarningCode } from './issue-codes.ts'

/** One warning for each code: its first place, and how often it came. */
export type Warnings = Map<WarningCode, { readonly first: Issue; count: number }>

/** The warnings for the verdict, in the order in which they first came. */
export function listWarnings(warnings: Warnings): Issue[] {
  return [...warnings.values()].map(({ first, count }) =>
    count === 1 ? first : { ...first, message: `${first.message} (${count} times)` },
  )
}
