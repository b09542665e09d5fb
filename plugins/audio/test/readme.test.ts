import { readFile } from 'node:fs/promises'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { issueCodes } from '../src/issue-codes.ts'
import { wav } from './build-wav.ts'

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

t.test('the README explains every fact, and no other', async (t) => {
  const verdict = await validate(plugin, wav(), { name: 'a.wav' })
  t.ok(verdict.ok)
  if (verdict.ok) t.same(firstCells('Facts').sort(), Object.keys(verdict.facts).sort())
})

t.test('the README lists every extension, and no other', async (t) => {
  const [intro = ''] = readme.split('\n## ')
  const listed = [...intro.matchAll(/^\| (`\.[^|]+)\|/gm)].flatMap(([, cell = '']) =>
    cell.split(', ').map((extension) => extension.trim().replaceAll('`', '')),
  )
  t.same(listed, plugin.purposes?.audio?.extensions)
})

t.test('takes no options, as the README says', async (t) => {
  t.same(Object.keys(plugin).sort(), ['api', 'name', 'purposes', 'version'])
  t.match(readme, /^## Options\n\nNone/m)
})
