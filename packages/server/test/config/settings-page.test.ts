import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { settings } from '../../src/config/settings.ts'

const root = new URL('../../../../', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, root), 'utf8')

/** The configuration file, which is no setting of its own, and the server of `custody files`. */
const others = ['CUSTODY_CONFIG', 'CUSTODY_URL']

t.test('the page on configuration has every setting, and no other', async (t) => {
  const rows = read('docs/configuration.md').matchAll(
    /^\| `(CUSTODY_\w+)`\s*\| (?:`(\w+)`)?\s*\|/gm,
  )
  const told = Object.fromEntries(
    Array.from(rows, ([, env = '', name = '']) => [env, name]),
  )
  t.same(told, {
    CUSTODY_CONFIG: '',
    ...Object.fromEntries(Object.entries(settings).map(([name, { env }]) => [env, name])),
  })
})

t.test('no page speaks of a setting that is not there', async (t) => {
  const known = new Set([...others, ...Object.values(settings).map(({ env }) => env)])
  const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md']
  for (const folder of ['docs/', 'docs/dialects/']) {
    for (const name of readdirSync(new URL(folder, root))) {
      if (name.endsWith('.md')) pages.push(folder + name)
    }
  }
  for (const page of pages) {
    const named = new Set(read(page).match(/\bCUSTODY_[A-Z_]*[A-Z]\b(?!_\*)/g))
    t.same(
      [...named].filter((name) => !known.has(name)),
      [],
      page,
    )
  }
})
