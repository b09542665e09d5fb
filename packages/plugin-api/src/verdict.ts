/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

/** Small, stable findings of a validator, kept with the file for good: at most 8 KiB of JSON. */
export type Facts = { readonly [key: string]: Json }

/** One thing that is wrong with a file, or, in a warning, odd about it. */
export type Issue = {
  /** Stable and documented, `snake_case`: what programs look at. */
  readonly code: string
  /** A sentence for people: what was wrong, the value (quoted, cut) and what is allowed. */
  readonly message: string
  /** Dotted path of the field inside the line or file, such as `body.model`. */
  readonly param?: string
  /** 1-based. */
  readonly line?: number
  /** 1-based, in UTF-16 code units. */
  readonly column?: number
}

/** The verdict on a file that is good: see {@link accept}. */
export type Accepted = {
  readonly ok: true
  readonly facts: Facts
  /** At most 100. */
  readonly warnings: readonly Issue[]
}

/** The verdict on a file that is refused: see {@link reject}. */
export type Rejected = {
  readonly ok: false
  /** The first issues found, at most 100. */
  readonly issues: readonly Issue[]
  /** Number of all issues found, by code. */
  readonly issueCounts: Readonly<Record<string, number>>
}

/** Issues that are kept; all are counted. */
export const MAX_ISSUES = 100

/**
 * The file is good. `facts` are recorded with it. `warnings`, of which at most 100 are kept, are told by a dry run; an
 * upload is answered without them.
 */
export function accept(facts: Facts = {}, warnings: readonly Issue[] = []): Accepted {
  return { ok: true, facts, warnings: warnings.slice(0, MAX_ISSUES) }
}

/**
 * The file is refused for these reasons, in the order in which they stand in the file.
 * A validator that finds very many collects them with {@link collectIssues}.
 *
 * @throws TypeError without any issue
 */
export function reject(issues: Issue | readonly Issue[] | IssueCollector): Rejected {
  const collector = isCollector(issues) ? issues : collectIssues()
  if (!isCollector(issues)) {
    for (const issue of Array.isArray(issues) ? issues : [issues]) collector.add(issue)
  }
  if (collector.total === 0) throw new TypeError('reject() needs at least one issue')
  return { ok: false, issues: collector.issues, issueCounts: collector.counts }
}

/** Keeps the first {@link MAX_ISSUES} issues and counts all of them by code. */
export interface IssueCollector {
  readonly issues: readonly Issue[]
  /** Number of all issues, by code. */
  readonly counts: Readonly<Record<string, number>>
  /** Number of all issues. */
  readonly total: number
  add(issue: Issue): void
}

/** An empty {@link IssueCollector}. */
export function collectIssues(): IssueCollector {
  const issues: Issue[] = []
  const counts: Record<string, number> = Object.create(null)
  let total = 0
  return {
    issues,
    counts,
    get total() {
      return total
    },
    add(issue) {
      total += 1
      counts[issue.code] = (counts[issue.code] ?? 0) + 1
      if (issues.length < MAX_ISSUES) issues.push(issue)
    },
  }
}

function isCollector(
  value: Issue | readonly Issue[] | IssueCollector,
): value is IssueCollector {
  return 'add' in value && 'counts' in value
}
