import { openBench } from './bench.ts'
import { parseOptions, USAGE } from './options.ts'
import { rows } from './rows/rows.ts'
import { allMet, describeMachine, type Outcome, toJson, toMarkdown } from './table.ts'

process.exitCode = await main(process.argv.slice(2))

/** Resolves to the exit code: 0 all met, 1 a bound missed or a row failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof parseOptions>
  try {
    options = parseOptions(args)
    const names = rows.map(({ name }) => name)
    const unknown = options.rows.find((name) => !names.includes(name))
    if (unknown !== undefined)
      throw new Error(`there is no row '${unknown}'; there are: ${names.join(', ')}`)
  } catch (error) {
    console.error(`bench: ${messageOf(error)}\n\n${USAGE}`)
    return 2
  }
  if (options.help) {
    const width = Math.max(...rows.map(({ name }) => name.length))
    const list = rows.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`)
    console.log(`${USAGE}\nRows:\n${list.join('\n')}`)
    return 0
  }

  const machine = describeMachine()
  const bench = openBench(options)
  const outcomes: Outcome[] = []
  try {
    for (const row of rows) {
      if (options.rows.length > 0 && !options.rows.includes(row.name)) continue
      bench.report(`${row.name}: ${row.about}`)
      try {
        outcomes.push({ row: row.name, ...(await row.measure(bench)) })
      } catch (error) {
        const missing = `failed: ${messageOf(error)}`
        bench.report(missing)
        outcomes.push({ row: row.name, comparisons: [], missing, failed: true })
      }
      await bench.clear()
    }
  } finally {
    await bench.close()
  }
  console.log(
    options.json ? toJson(outcomes, machine) : `\n${toMarkdown(outcomes, machine)}`,
  )
  return allMet(outcomes) ? 0 : 1
}

/** One line: of a child process that failed, the one that names its error. */
function messageOf(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error).split('\n')
  return lines.find((line) => /^\w*Error: /.test(line)) ?? lines[0] ?? ''
}
