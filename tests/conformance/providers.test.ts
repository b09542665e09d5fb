import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { providers } from './providers/all.ts'
import { openWorlds } from './statements/world.ts'

// The statements of each provider's document, one by one. `npm run conformance` prints them as a table.

const worlds = await openWorlds()
t.teardown(() => worlds.close())

t.test('every dialect has its provider’s statements, none of them twice', async (t) => {
  const { admin } = worlds.server
  const body = { name: 'x', dialect: 'none' }
  const answer = await admin.call('POST', '/v1/organization/projects', { body })
  const dialects: string[] = answer.error().message.match(/(?<=')[a-z-]+(?=')/g) ?? []
  for (const { name, statements } of providers) {
    t.ok(dialects.includes(name), `there is a dialect ${name}`)
    const quotes = statements.map(({ quote }) => quote)
    t.same([...new Set(quotes)], quotes)
  }
  const named = providers.map(({ name }) => name)
  t.same(
    dialects.filter((name) => name !== 'none' && !named.includes(name)),
    [],
  )
})

t.test('the statements of OpenAI stand in its SDK word for word', async (t) => {
  const types = fileURLToPath(
    new URL('./resources/files.d.mts', import.meta.resolve('openai')),
  )
  const text = readFileSync(types, 'utf8').replaceAll(/\n\s*\*\s*(- )?/g, ' ')
  const { statements = [] } = providers.find(({ name }) => name === 'openai') ?? {}
  t.ok(statements.length > 30)
  for (const { quote } of statements) t.ok(text.includes(quote), quote)
})

for (const { name, statements } of providers) {
  t.test(name, async (t) => {
    const world = await worlds.of(name)
    for (const { quote, verdict } of statements) {
      if (verdict.kind !== 'check') {
        t.test(`“${quote}”`, { skip: `${verdict.kind}: ${verdict.reason}` }, () => {})
        continue
      }
      t.test(`“${quote}”`, async (t) => {
        await verdict.check(world)
        t.pass('it holds')
      })
    }
  })
}
