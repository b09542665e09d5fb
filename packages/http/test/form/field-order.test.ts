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
      const before = Math.floor(Date.now() / 1000)
      const response = await fetch('/v1/files', upload(parts, { chunked }))
      t.equal(response.status, 200)
      const body = await readJson(response)
      t.match(body.id, /^file-[0-9a-f]{32}$/)
      t.same(Object.entries(body), [
        ['id', body.id],
        ['object', 'file'],
        ['bytes', 8],
        ['created_at', body.created_at],
        ['expires_at', body.created_at + 3_600],
        ['filename', 'input.jsonl'],
        ['purpose', 'user_data'],
        ['status', 'processed'],
        ['status_details', null],
      ])
      t.ok(body.created_at >= before && body.created_at <= Date.now() / 1000)
      const content = await fetch(`/v1/files/${body.id}/content`)
      t.equal(await content.text(), '{"a":1}\n')
      t.equal(files.openSessions, 0)
    })
  }
}
