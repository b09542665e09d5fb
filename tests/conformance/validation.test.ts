import { type Refusal, stagedFiles, startServer, until } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api } = await server.createProject()

type Validated = Refusal & {
  readonly plugin: string
  readonly issues: readonly { code: string; line?: number; message: string }[]
  readonly issue_counts: Readonly<Record<string, number>>
}

const good = (n: number) =>
  JSON.stringify({
    custom_id: `request-${n}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', messages: [{ role: 'user', content: 'Hello' }] },
  })

const batch = (lines: readonly string[]) =>
  api.upload({ purpose: 'batch', filename: 'a.jsonl', content: lines.join('\n') })

t.test('validation refused: 400 with code and param of the first issue', async (t) => {
  const answer = await batch([good(1), good(2), '{"custom_id":"3"', good(1)])
  const { error } = answer.json<{ error: Validated }>()
  t.equal(answer.status, 400)
  t.match(error, {
    type: 'invalid_request_error',
    code: 'invalid_json_line',
    param: null,
    message: /^Line 3: .* \(and 1 more issue\)$/,
    issues: [
      { code: 'invalid_json_line', line: 3 },
      { code: 'duplicate_custom_id', line: 4 },
    ],
    issue_counts: { invalid_json_line: 1, duplicate_custom_id: 1 },
  })
})

t.test('validation refused: one issue is told without a count', async (t) => {
  const { message } = (await batch([good(1), '[]'])).error()
  t.match(message, /^Line 2: /)
  t.notMatch(message, /more issue/)
})

t.test('validation refused: at most 100 issues are told, all are counted', async (t) => {
  const lines = Array.from({ length: 150 }, () => 'nope')
  const { error } = (await batch(lines)).json<{ error: Validated }>()
  t.equal(error.issues.length, 100)
  t.same(error.issue_counts, { invalid_json_line: 150 })
  t.match(error.message, /\(and 149 more issues\)$/)
})

for (const client of ['purpose first', 'file first'] as const) {
  t.test(
    `validation refused: a file of 3 MiB with one wrong line, ${client}`,
    async (t) => {
      const lines = Array.from({ length: 20_000 }, (_, n) => good(n))
      lines[19_000] = '{"custom_id":'
      const parts = [
        { name: 'purpose', content: 'batch' },
        { name: 'file', content: lines.join('\n'), filename: 'a.jsonl' },
      ]
      const answer = await api.upload(
        client === 'file first' ? parts.toReversed() : parts,
      )
      t.match(answer.error(), { status: 400, code: 'invalid_json_line' })
      t.match(answer.error().message, /^Line 19001: /)
    },
  )
}

t.test('validation refused: an extension that the purpose does not take', async (t) => {
  const answer = await api.upload({
    purpose: 'batch',
    filename: 'a.txt',
    content: good(1),
  })
  t.match(answer.error(), {
    status: 400,
    code: 'invalid_extension',
    message: /Invalid file format.*\.jsonl/,
  })
})

t.test('a refused request leaves nothing behind', async (t) => {
  t.same((await api.list()).data, [])
  await until('the end of staging', () => stagedFiles(server.dataDir).length === 0)
})
