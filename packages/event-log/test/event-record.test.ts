import { canonicalJson } from '@custody/transparency'
import fc from 'fast-check'
import t from 'tap'
import { encodeRecord } from '../src/event-record.ts'
import { formatTime } from '../src/index.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const number = fc.nat({ max: 2 ** 40 })

const required = [
  'id',
  'position',
  'project',
  'seq',
  'stream',
  'version',
  'type',
  'schema',
  'time',
  'actor',
  'request',
  'data',
  'commit',
] as const

t.test('a record is canonical JSON of all that it was made of', async () => {
  const fields = fc.record(
    {
      id: fc.uuid(),
      position: number,
      project: text,
      seq: number,
      stream: text,
      version: number,
      type: fc.constantFrom('FileUploaded', 'LogCreated'),
      schema: number,
      time: fc.nat({ max: 2 ** 50 }),
      actor: text,
      request: text,
      on_behalf_of: text,
      causation: text,
      data: fc.jsonValue(),
      commit: fc.dictionary(text, text),
    },
    { requiredKeys: [...required] },
  )
  fc.assert(
    fc.property(fields, (given) => {
      const record = encodeRecord(given)
      const { time, ...others } = given
      return record === canonicalJson({ v: 1, time: formatTime(time), ...others })
    }),
  )
})
