import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventSchemas } from '../../src/events/event-schemas.ts'

const page = readFileSync(new URL('../../../../docs/events.md', import.meta.url), 'utf8')

const membersOf = (schema: object): string[] =>
  'properties' in schema && typeof schema.properties === 'object'
    ? Object.keys(schema.properties ?? {}).sort()
    : []

/** What stands in backticks. */
const codes = (text = ''): string[] =>
  Array.from(text.matchAll(/`(\w+)`/g), ([, code = '']) => code)

t.test('the page on events has every type, and of each all members', async (t) => {
  const told: Record<string, unknown> = {}
  for (const [line] of page.matchAll(/^\| `.*$/gm)) {
    const [, type, , data, groups = ''] = line.split(/(?<!\\)\|/)
    const privates = groups.split(';').flatMap((group) => {
      const [name, ...members] = codes(group)
      return name === undefined ? [] : [[name, members.sort()] as const]
    })
    told[codes(type)[0] ?? ''] = {
      data: codes(data).sort(),
      private: Object.fromEntries(privates),
    }
  }
  const there = Object.entries(eventSchemas).map(([type, schema]) => {
    const groups = Object.entries(schema.private ?? {})
    const shown = groups.map(([name, { body }]) => [name, membersOf(body)] as const)
    return [type, { data: membersOf(schema.data), private: Object.fromEntries(shown) }]
  })
  t.same(told, Object.fromEntries(there))
})
