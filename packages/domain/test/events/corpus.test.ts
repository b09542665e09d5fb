import { createHash } from 'node:crypto'
import t from 'tap'
import {
  createEventCheck,
  type DomainEvent,
  eventSchemas,
  isEventType,
  upcast,
} from '../../src/index.ts'
import { parseExample, readCorpus, readSums } from './examples.ts'

// The corpus holds every form in which an event was ever written, so that a log of any age can be read. A form that
// is new comes with a new file and a line in SHA256SUMS (`sha256sum *.json > SHA256SUMS`); a file never changes.

const corpus = readCorpus()
const check = createEventCheck()

t.test('every type as it is written today is in the corpus', async (t) => {
  const today = Object.entries(eventSchemas).map(
    ([type, { schema }]) => `${type}@${schema}.json`,
  )
  for (const name of today) t.ok(corpus.has(name), name)
})

t.test('the corpus says the schemas of a type without a gap', async (t) => {
  for (const [type, { schema }] of Object.entries(eventSchemas)) {
    for (let number = 1; number <= schema; number += 1) {
      t.ok(corpus.has(`${type}@${number}.json`), `${type}@${number}`)
    }
  }
})

t.test('no file of the corpus was ever changed', async (t) => {
  const sums = [...corpus].map(([name, bytes]) => [
    name,
    createHash('sha256').update(bytes).digest('hex'),
  ])
  t.same(Object.fromEntries(sums), Object.fromEntries(readSums()))
})

for (const [name, bytes] of corpus) {
  t.test(`${name} can be read, and is what is written today then`, async (t) => {
    const { type, schema, ...body } = parseExample(bytes)
    t.equal(`${type}@${schema}.json`, name)
    if (!isEventType(type)) throw new TypeError(`Unknown event type '${type}'`)
    const { data, private: groups } = upcast(type, schema, body)
    check({ type, stream: 's', after: 0, data, private: groups } as DomainEvent)
    t.same(Object.keys(groups).sort(), Object.keys(body.private).sort())
  })

  t.test(`${name} can be read after an erasure`, async (t) => {
    const { type, schema, ...body } = parseExample(bytes)
    for (const erased of Object.keys(body.private)) {
      const { [erased]: _, ...kept } = body.private
      const result = upcast(type, schema, { data: body.data, private: kept })
      t.notOk(erased in result.private, `${erased} does not come back`)
    }
    t.strictSame(upcast(type, schema, { data: body.data, private: {} }).private, {})
  })
}
