import { readFile } from 'node:fs/promises'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { issueCodes } from '../src/issue-codes.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The first cells, in code quotes, of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  return [...(section ?? '').matchAll(/^\| `([^`]+)` *\|/gm)].map(
    ([, cell]) => cell ?? '',
  )
}

const purposes = Object.entries(plugin.purposes ?? {})

t.test(
  'has the input and output purposes of the Files API that no other plugin has',
  async (t) => {
    const directions = purposes.map(([name, { direction }]) => [name, direction])
    t.same(Object.fromEntries(directions), {
      assistants: 'input',
      user_data: 'input',
      evals: 'input',
      assistants_output: 'output',
      batch_output: 'output',
      'fine-tune-results': 'output',
    })
  },
)

t.test('the README lists every purpose with its direction, and no other', async (t) => {
  const [intro = ''] = readme.split('\n## ')
  const rows = intro.matchAll(/^\| `([^`]+)` *\| (\w+) *\|/gm)
  const listed = [...rows].map(([, name, direction]) => [name, direction])
  t.same(
    listed,
    purposes.map(([name, { direction }]) => [name, direction]),
  )
})

for (const [name, purpose] of purposes) {
  t.test(`takes any content under any name: ${name}`, async (t) => {
    t.notOk(purpose.extensions)
    t.notOk(purpose.maxBytes)
    const binary = Uint8Array.of(0, 0xff, 0xfe, 10, 0xc3)
    for (const content of [binary, 'not JSON']) {
      const verdict = await validate(plugin, content, { purpose: name, name: 'data.xyz' })
      t.same(verdict, { ok: true, facts: {}, warnings: [] })
    }
  })
}

t.test('only assistants has a validator', async (t) => {
  const looked = purposes.filter(([, { validate }]) => validate !== undefined)
  t.same(
    looked.map(([name]) => name),
    ['assistants'],
  )
})

t.test('the README explains every code, and no other', async (t) => {
  t.same(firstCells('Codes'), issueCodes)
})

t.test('takes no options, as its README says', async (t) => {
  t.same(Object.keys(plugin).sort(), ['api', 'name', 'purposes', 'version'])
  t.match(readme, /^## Options\n\nNone/m)
})
