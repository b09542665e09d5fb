/** Something in the log that is not as it must be. It never holds private data: of that, the group is named. */
export type Finding = {
  /** A table, or `database`. */
  readonly table: string
  /** The row's primary key (`15`, `15 personal`, tile `0/3`), positions from one to another (`10..20`), or empty. */
  readonly key: string
  readonly column?: string
  /** What is wrong, as a clause. */
  readonly problem: string
  readonly expected?: string
  readonly found?: string
}

/** Where in a column of `events` something is found. */
export const eventColumn = (position: number, column: string) =>
  ({ table: 'events', key: String(position), column }) as const

/** Findings up to a limit, and their number beyond. */
export type Findings = {
  readonly list: readonly Finding[]
  readonly count: number
  add(finding: Finding): void
  /** Takes over what another collection found. */
  addAll(other: { readonly list: readonly Finding[]; readonly count: number }): void
}

/** How many findings are told one by one. */
export const MAX_FINDINGS = 100

/** Keeps the first `limit` findings, and counts all. */
export function collectFindings(limit = MAX_FINDINGS): Findings {
  const list: Finding[] = []
  let count = 0
  return {
    list,
    get count() {
      return count
    },
    add(finding) {
      count += 1
      if (list.length < limit) list.push(finding)
    },
    addAll(other) {
      count += other.count
      list.push(...other.list.slice(0, limit - list.length))
    },
  }
}

/** A value of a column for a message: cut, and bytes as hex. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 120 ? `${value.slice(0, 120)}…` : value)
  }
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value.subarray(0, 16)).toString('hex')
    return value.length > 16 ? `${hex}… (${value.length} bytes)` : `bytes ${hex}`
  }
  return String(value)
}
