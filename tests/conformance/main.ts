import { providers } from './providers/all.ts'
import { rowText, runStatements, summary } from './statements/report.ts'

// `npm run conformance`: what each provider's document says, and whether it is so. Exits with 1 when something is not.

const print = (text: string) => process.stdout.write(`${text}\n`)

let last = ''
const rows = await runStatements(providers, (row) => {
  if (row.provider !== last) {
    last = row.provider
    const { document } = providers.find(({ name }) => name === last) ?? { document: '' }
    print(`\n${last} (${document})`)
  }
  print(rowText(row))
})
print(`\n${summary(rows)}`)
process.exitCode = rows.some(({ result }) => result === 'fails') ? 1 : 0
