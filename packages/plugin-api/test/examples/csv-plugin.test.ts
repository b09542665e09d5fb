import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from './csv-plugin.ts'

const options = { delimiter: ',', maxRows: 2 }

t.test('counts columns and rows', async (t) => {
  t.match(await validate(plugin, 'a,b\r\n1,2\r\n', { options }), {
    ok: true,
    facts: { columns: 2, rows: 1 },
  })
})

t.test('names the ragged rows', async (t) => {
  t.match(await validate(plugin, 'a,b\n1\n2,3,4\n', { options }), {
    ok: false,
    issues: [
      { code: 'ragged_row', line: 2 },
      { code: 'ragged_row', line: 3 },
    ],
  })
})

t.test('bounds the rows', async (t) => {
  t.match(await validate(plugin, 'a\n1\n2\n3\n', { options }), {
    issueCounts: { too_many_rows: 1 },
  })
})
