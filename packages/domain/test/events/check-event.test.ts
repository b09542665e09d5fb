import t from 'tap'
import { createEventCheck, type DomainEvent } from '../../src/index.ts'
import { type Example, parseExample, readCorpus } from './examples.ts'

const check = createEventCheck()
const pass = ({ type, data, private: groups }: Omit<Example, 'schema'>) =>
  check({ type, stream: 's', after: 0, data, private: groups } as DomainEvent)

const corpus = new Map(
  [...readCorpus()].map(([name, bytes]) => [name, parseExample(bytes)]),
)

function example(name: string): Example {
  const found = corpus.get(name)
  if (!found) throw new TypeError(`There is no ${name}`)
  return found
}

for (const [name, event] of corpus) {
  t.test(`${name} must have exactly the members that it has`, async (t) => {
    t.throws(() => pass({ ...event, data: { ...Object(event.data), more: 1 } }), {
      message: /does not match its schema: data/,
    })
    t.throws(() => pass({ ...event, data: null }), { message: /data must be object/ })
    t.throws(() => pass({ ...event, private: { ...event.private, more: {} } }), {
      message: /has no private group 'more'/,
    })
    for (const [group, value] of Object.entries(event.private)) {
      const wrong = { ...event.private, [group]: { ...Object(value), more: 1 } }
      t.throws(() => pass({ ...event, private: wrong }), {
        message: new RegExp(`does not match its schema: ${group}`),
      })
      const { [group]: _, ...others } = event.private
      // What a change may leave as it is: it is there when it changes.
      const optional = ['ProjectUpdated', 'WebhookUpdated'].includes(event.type)
      const without = () => pass({ ...event, private: others })
      if (optional) t.doesNotThrow(without)
      else t.throws(without, { message: /lacks its private group/ })
    }
  })
}

const uploaded = example('FileUploaded@1.json')
const wrong: readonly [string, object][] = [
  ['bytes that are not whole', { bytes: 1.5 }],
  ['bytes below none', { bytes: -1 }],
  ['bytes beyond what is exact', { bytes: 2 ** 53 }],
  ['an expiry that is a text', { expires_at: '1' }],
  ['a policy that is not known', { expiry_policy: 'whim' }],
  ['a purpose without a name', { purpose: '' }],
  ['a plugin without a version', { validated_by: [{ plugin: 'p' }] }],
]
for (const [name, change] of wrong) {
  t.test(`an upload is not written with ${name}`, async (t) => {
    const data = { ...Object(uploaded.data), ...change }
    t.throws(() => pass({ ...uploaded, data }), { message: /does not match its schema/ })
  })
}

t.test('an upload is not written with a digest of another form', async (t) => {
  for (const sha256 of ['A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}\n`]) {
    const content = { ...Object(uploaded.private.content), sha256 }
    t.throws(() => pass({ ...uploaded, private: { ...uploaded.private, content } }), {
      message: /content\/sha256 must match pattern/,
    })
  }
})

t.test('an unknown type is not written', async (t) => {
  for (const type of ['FileFlown', 'toString']) {
    t.throws(() => pass({ type, data: {}, private: {} }), {
      message: `Unknown event type '${type}'`,
    })
  }
})
