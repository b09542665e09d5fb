import type { Provider } from './statement.ts'
import { openWorlds } from './world.ts'

/** What came of a statement. */
export type Row = {
  readonly provider: string
  readonly quote: string
  readonly result: 'holds' | 'fails' | 'not observable' | 'deferred'
  /** Why it fails, cannot be seen, or was deferred; empty where it holds. */
  readonly note: string
}

/** Tries every statement, one after another, and tells of each as soon as it is known. */
export async function runStatements(
  providers: readonly Provider[],
  onRow: (row: Row) => void,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  const worlds = await openWorlds()
  try {
    for (const { name: provider, statements } of providers) {
      const world = await worlds.of(provider)
      for (const statement of statements) {
        const { quote, verdict } = statement
        const row: Row =
          verdict.kind === 'check'
            ? { provider, quote, ...(await outcome(() => verdict.check(world))) }
            : { provider, quote, result: verdict.kind, note: verdict.reason }
        rows.push(row)
        onRow(row)
      }
    }
  } finally {
    await worlds.close()
  }
  return rows
}

async function outcome(
  check: () => Promise<void>,
): Promise<Pick<Row, 'result' | 'note'>> {
  try {
    await check()
    return { result: 'holds', note: '' }
  } catch (error) {
    return { result: 'fails', note: error instanceof Error ? error.message : `${error}` }
  }
}

/** One line of the table. */
export function rowText({ result, quote, note }: Row): string {
  const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim()
  const why = note === '' ? '' : `\n${' '.repeat(18)}${inOneLine(note)}`
  return `  ${result.padEnd(16)}${inOneLine(quote)}${why}`
}

/** How many statements came to what, by provider. */
export function summary(rows: readonly Row[]): string {
  const results = ['holds', 'not observable', 'deferred', 'fails'] as const
  const line = (name: string, cells: readonly (string | number)[]) =>
    `${name.padEnd(14)}${cells.map((cell) => String(cell).padStart(16)).join('')}`
  const names = [...new Set(rows.map(({ provider }) => provider))]
  const counts = (own: readonly Row[]) =>
    results.map((result) => own.filter((row) => row.result === result).length)
  return [
    line('', results),
    ...names.map((name) => line(name, counts(rows.filter((r) => r.provider === name)))),
    line('all', counts(rows)),
  ].join('\n')
}
