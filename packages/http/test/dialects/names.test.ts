import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { dialectNamed, dialectNames } from '../../src/index.ts'

const packages = fileURLToPath(new URL('../../..', import.meta.url))
/** Where a name stands as the value that a setting or a project gets when nothing is said. */
const isDefault = /^\s*default: 'openai',$/

t.test('a dialect is found by its name, and says which it is', async (t) => {
  t.equal(new Set(dialectNames).size, dialectNames.length)
  for (const name of dialectNames) {
    const dialect = dialectNamed(name)
    t.equal(dialect.name, name)
    t.equal(dialect.uploads.dialect, name)
  }
  t.throws(() => dialectNamed('toString'), { code: 'invalid_configuration' })
})

t.test('no code outside of a dialect looks at its name', async (t) => {
  const quoted = new RegExp(`['"\`](${dialectNames.join('|')})['"\`]`)
  const sources = globSync('*/src/**/*.ts', { cwd: packages }).filter(
    (path) =>
      !(path.includes('dialects') && dialectNames.includes(basename(path, '.ts'))),
  )
  t.ok(sources.length > 100, 'there are sources to look at')
  const found = sources.flatMap((path) =>
    readFileSync(join(packages, path), 'utf8')
      .split('\n')
      .map((line, index) => ({ at: `${path}:${index + 1}`, line }))
      .filter(({ line }) => quoted.test(line) && !isDefault.test(line))
      .map(({ at, line }) => `${at}: ${line.trim()}`),
  )
  t.same(found, [])
})
