import { readFile } from 'node:fs/promises'
import t from 'tap'
import { issueCodes } from '../src/issue-codes.ts'
import { optionsSchema } from '../src/options.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The first cells, in code quotes, of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  return [...(section ?? '').matchAll(/^\| `([^`]+)` *\|/gm)].map(
    ([, cell]) => cell ?? '',
  )
}

t.test('the README explains every code, and no other', async (t) => {
  t.same(firstCells('Codes').sort(), [...issueCodes].sort())
})

t.test('the README explains every option, and no other', async (t) => {
  t.same(firstCells('Options').sort(), Object.keys(optionsSchema.properties).sort())
})
