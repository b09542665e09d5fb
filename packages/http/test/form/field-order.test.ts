import t from 'tap'
import { file, type Part, purpose, upload } from '../support/forms.ts'
import { readJson } from '../support/read-json.ts'
import { startServer } from '../support/start-server.ts'

const anchor: Part = { name: 'expires_after[anchor]', content: 'created_at' }
const seconds: Part = { name: 'expires_after[seconds]', content: '3600' }

const orders: Readonly<Record<string, readonly Part[]>> = {
  'file last, as openai-python sends it': [purpose, anchor, seconds, file],
  'file first, as openai-node sends it': [file, purpose, anchor, seconds],
  'file in the middle, as curl may': [purpose, file, anchor, seconds],
}

for (const chunked of [false, true]) {
  for (const [order, parts] of Object.entries(orders)) {
    const length = chunked ? 'chunked' : 'with a length'
    t.test(`an upload is taken with the ${order}, ${length}`, async (t) => {
      const { fetch, files } = await startServer(t)
      const response = await fetch('/v1/files', upload(parts, { chunked }))
      t.equal(response.status, 200)
      const body = await readJson(response)
      t.match(body.id, /^file-[0-9a-f]{32}$/)
      t.same(Object.entries(body), [
        ['id', body.id],
        ['object', 'file'],
        ['bytes', 8],
        ['created_at', 1_700_000_000],
        ['expires_at', 1_700_003_600],
        ['filename', 'input.jsonl'],
        ['purpose', 'batch'],
        ['status', 'processed'],
        ['status_details', null],
      ])
      t.same([...files.stored.values()][0]?.content.toString(), '{"a":1}\n')
      t.equal(files.openSessions, 0)
    })
  }
}
