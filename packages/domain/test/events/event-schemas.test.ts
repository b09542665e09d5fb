import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { eventSchemas } from '../../src/index.ts'

// The check of events compiles a type's schemas with its first event, and does not look at them as schemas.
t.test(
  'every schema of an event is one of JSON Schema, without anything unknown',
  async (t) => {
    const ajv = new Ajv2020({ strict: true })
    for (const [type, entry] of Object.entries(eventSchemas)) {
      const bodies = Object.values(entry.private ?? {}).map(({ body }) => body)
      for (const schema of [entry.data, ...bodies]) {
        t.doesNotThrow(() => ajv.compile(schema), type)
      }
    }
  },
)
