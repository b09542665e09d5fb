import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Answer,
  type ApiClient,
  clientForms,
  type Form,
  multipart,
  type Part,
  RawConnection,
  type Refusal,
  readEvents,
  requestHead,
  stagedFiles,
  startServer,
  temporaryFolder,
  type UploadForm,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'

type Issue = {
  readonly code: string
  readonly message: string
  readonly param?: string
  readonly line?: number
}

type Validation = {
  readonly object: string
  readonly valid: boolean
  readonly purpose: string
  readonly bytes: number
  readonly sha256: string
  readonly issues: readonly Issue[]
  readonly issue_counts: Readonly<Record<string, number>>
  readonly facts: Readonly<Record<string, unknown>>
  readonly warnings?: readonly Issue[]
}

const plugin = `
  const warning = { code: 'odd', message: 'It is odd.', line: 1 }
  export default { name: 'tested', version: '1.0.0', api: 1, purposes: {
    tested: {
      direction: 'input',
      async validate(file) {
        const content = Buffer.from(await file.head(100)).toString()
        if (content === 'throw') throw new Error('a bug')
        return { ok: true, facts: { content }, warnings: content === 'warn' ? [warning] : [] }
      },
    },
  } }`

const folder = temporaryFolder(t)
writeFileSync(join(folder, 'tested.mjs'), plugin)
writeFileSync(
  join(folder, 'custody.config.json'),
  JSON.stringify({
    plugins: [
      '@custody/plugin-general',
      '@custody/plugin-batch-jsonl',
      { module: join(folder, 'tested.mjs') },
    ],
  }),
)
const server = await startServer(t, {
  env: { CUSTODY_CONFIG: join(folder, 'custody.config.json') },
})
const { api } = server

const request = (id: string) =>
  JSON.stringify({
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', messages: [{ role: 'user', content: 'Hello' }] },
  })

const text = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
const batch = { purpose: 'batch', filename: 'a.jsonl', content: request('1') }
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex')

function validate(
  client: ApiClient,
  form: UploadForm | readonly Part[] | Form,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const isForm = 'contentType' in form
  const parts = 'purpose' in form ? clientForms.curl(form) : undefined
  const body = isForm ? form : (parts ?? multipart(form as readonly Part[]))
  return client.call('POST', '/v1/files/validate', { body, headers })
}

/** Whether nothing is left of what a test has sent. */
async function leavesNothing(t: Test, work: () => Promise<void>): Promise<void> {
  const before = (await readEvents(server.dataDir)).length
  await work()
  t.equal((await readEvents(server.dataDir)).length, before, 'no event')
  t.same(stagedFiles(server.dataDir), [], 'nothing staged')
}

t.test('a file that would be taken: 200, what was found, and its facts', async (t) => {
  const answer = await validate(api, batch)
  t.equal(answer.status, 200)
  const validation = answer.json<Validation>()
  t.same(Object.keys(validation), [
    'object',
    'valid',
    'purpose',
    'bytes',
    'sha256',
    'issues',
    'issue_counts',
    'facts',
  ])
  t.match(validation, {
    object: 'file.validation',
    valid: true,
    purpose: 'batch',
    bytes: batch.content.length,
    sha256: sha256(batch.content),
    issues: [],
    issue_counts: {},
  })
  t.same(Object.keys(validation.facts), ['@custody/plugin-batch-jsonl'])
  t.match(validation.facts['@custody/plugin-batch-jsonl'], { requests: 1 })
})

t.test('warnings are there when a plugin has some', async (t) => {
  const tested = (content: string) =>
    validate(api, { purpose: 'tested', filename: 'a', content })
  t.match((await tested('warn')).json(), {
    valid: true,
    facts: { tested: { content: 'warn' } },
    issues: [],
    warnings: [{ code: 'odd', message: 'It is odd.', line: 1 }],
  })
  t.notOk('warnings' in (await tested('fine')).json<Validation>())
})

t.test(
  'what is against the file are the issues, in the words of an upload',
  async (t) => {
    const limited = await server.createProject({
      limits: { purposes: { batch: { max_bytes: 1000 } } },
    })
    const refused: Record<string, UploadForm> = {
      'an empty file': { ...text, content: '' },
      'one that is too large for its purpose': { ...batch, content: 'x'.repeat(1001) },
      'an extension that the purpose does not take': { ...batch, filename: 'a.txt' },
      'another digest': { ...text, fields: [['sha256', '0'.repeat(64)]] },
      'what its plugin finds': { ...batch, content: 'nope' },
    }
    for (const [what, form] of Object.entries(refused)) {
      const { code, param, message } = (await limited.api.upload(form)).error()
      const answer = await validate(limited.api, form)
      t.equal(answer.status, 200, what)
      const { valid, bytes, issues, issue_counts, facts } = answer.json<Validation>()
      const [first] = issues
      t.equal(valid, false)
      t.equal(bytes, form.content.length)
      t.equal(first?.code, code)
      t.equal(first?.param ?? null, param)
      t.ok(message.includes(first?.message ?? 'nothing'), message)
      t.equal(issue_counts[code ?? ''], 1)
      t.same(facts, {})
    }
  },
)

t.test('issues of a plugin: with their lines, 100 at most, all counted', async (t) => {
  const content = ['nope', request('1'), ...Array(120).fill('nope')].join('\n')
  const { issues, issue_counts, valid } = (
    await validate(api, { ...batch, content })
  ).json<Validation>()
  t.equal(valid, false)
  t.match(issues[0], { code: 'invalid_json_line', line: 1 })
  t.match(issues[1], { line: 3 })
  t.equal(issues.length, 100)
  t.same(issue_counts, { invalid_json_line: 121 })
})

t.test('all that is against size, name and digest is told at once', async (t) => {
  const fields = [['sha256', '0'.repeat(64)]] as const
  const form = { ...batch, filename: 'a.txt', content: '', fields }
  const { issues, issue_counts } = (await validate(api, form)).json<Validation>()
  t.same(
    issues.map(({ code }) => code),
    ['empty_file', 'invalid_extension', 'digest_mismatch'],
  )
  t.same(issue_counts, { empty_file: 1, invalid_extension: 1, digest_mismatch: 1 })
})

const file: Part = { name: 'file', content: 'Hello', filename: 'a.txt' }
const field = (name: string, content: string): Part => ({ name, content })
const purpose = field('purpose', 'user_data')

t.test('what is wrong with the request is answered as for an upload', async (t) => {
  const wrong: Record<string, readonly Part[]> = {
    'no file': [purpose],
    'no purpose': [file],
    'an unknown purpose': [field('purpose', 'nothing'), file],
    'a repeated field': [purpose, purpose, file],
    'two files': [purpose, file, file],
    'an unknown field': [purpose, field('dry_run', 'true'), file],
    'an expiry that is too short': [purpose, field('expires_after', '10'), file],
    'metadata over its bounds': [purpose, field('metadata[k]', 'x'.repeat(513)), file],
    'a digest that is none': [purpose, field('sha256', 'abc'), file],
    'a file name with control characters': [purpose, { ...file, filename: 'a\x01b' }],
  }
  for (const [what, parts] of Object.entries(wrong)) {
    const answer = await validate(api, parts)
    t.equal(answer.status, 400, what)
    t.same(answer.error(), (await api.upload(parts)).error())
  }
  const digest = { 'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
  t.match((await validate(api, text, digest)).error(), {
    status: 400,
    code: 'digest_mismatch',
    param: 'Content-Digest',
  })
  t.match((await api.call('POST', '/v1/files/validate', { body: {} })).error(), {
    status: 415,
  })
})

t.test("a plugin's bug is the server's: 500 plugin_failed", async (t) => {
  const form = { purpose: 'tested', filename: 'a', content: 'throw' }
  t.match((await validate(api, form)).error(), { status: 500, code: 'plugin_failed' })
})

const large = Array.from({ length: 20_000 }, (_, n) => request(`${n}`))

for (const order of ['purpose first', 'file first'] as const) {
  for (const isValid of [true, false]) {
    t.test(
      `nothing is stored of 3 MiB, ${order}, ${isValid ? 'valid' : 'refused'}`,
      async (t) => {
        const content = [...large, ...(isValid ? [] : ['nope'])].join('\n')
        const parts = [
          field('purpose', 'batch'),
          { name: 'file', filename: 'a.jsonl', content },
        ]
        await leavesNothing(t, async () => {
          const form = multipart(order === 'purpose first' ? parts : parts.toReversed())
          t.match((await validate(api, form)).json(), {
            valid: isValid,
            bytes: content.length,
            sha256: sha256(content),
          })
        })
        t.same((await api.list()).data, [])
      },
    )
  }
}

t.test('nothing is left of a client that went away', async (t) => {
  await leavesNothing(t, async () => {
    const connection = await RawConnection.open(server.address)
    const { contentType, body } = clientForms.curl({ ...text, content: 'x'.repeat(1e6) })
    connection.send(head(contentType, body.length), body.subarray(0, 500_000))
    await until('a staged file', () => stagedFiles(server.dataDir).length > 0)
    connection.vanish()
    await until('its end', () => stagedFiles(server.dataDir).length === 0)
  })
})

function head(contentType: string, length: number, ...lines: readonly string[]): string {
  return requestHead(
    'POST /v1/files/validate',
    `Authorization: Bearer ${server.apiKey}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${length}`,
    ...lines,
  )
}

t.test('more than any purpose takes: 413 before the body', async (t) => {
  const connection = await RawConnection.open(server.address)
  t.teardown(() => connection.vanish())
  const { contentType } = clientForms.curl(text)
  const answer = await connection
    .send(head(contentType, 600 * 2 ** 20, 'Expect: 100-continue'))
    .answer()
  t.match(answer.error(), { status: 413, code: 'file_too_large', param: 'file' })
})

t.test('the scope is that of an upload', async (t) => {
  const reader = await server.createProject({ scopes: ['api.files.read'] })
  t.match((await validate(reader.api, text)).error(), {
    status: 403,
    code: 'insufficient_permissions',
    message: /api\.files\.write\./,
  })
  t.equal((await validate(server.as(), text)).status, 401)
})

t.test('a quota has no say: nothing is stored', async (t) => {
  const full = await server.createProject({ limits: { quota_bytes: 3 } })
  t.equal((await full.api.upload(text)).status, 507)
  t.match((await validate(full.api, text)).json(), { valid: true })
  const content = 'x'.repeat(200_000)
  t.match((await validate(full.api, { ...text, content })).json(), { valid: true })
})

t.test('it counts against the rate of uploads', async (t) => {
  const slow = await server.createProject({ limits: { uploads_per_minute: 2 } })
  t.equal((await slow.api.upload(text)).status, 200)
  const second = await validate(slow.api, text)
  t.equal(second.status, 200)
  t.equal(second.headers.get('x-ratelimit-remaining-requests'), '0')
  const third = await validate(slow.api, text)
  t.match(third.error(), { status: 429, code: 'rate_limit_exceeded' })
  t.ok(third.headers.get('retry-after'))
})

t.test('it counts as an upload of those that run at once', async (t) => {
  const { contentType, body } = clientForms.curl(text)
  const connections: RawConnection[] = []
  for (let n = 0; n < 64; n += 1) {
    const connection = await RawConnection.open(server.address)
    t.teardown(() => connection.vanish())
    connections.push(connection.send(head(contentType, body.length)))
  }
  const refused = await until('the refusal', async () => {
    const answer = await validate(api, text)
    return answer.status === 429 && answer
  })
  t.match(refused.error(), { code: 'too_many_uploads' } satisfies Partial<Refusal>)
  t.match((await api.upload(text)).error(), { code: 'too_many_uploads' })
  const [first] = connections
  t.match((await first?.send(body).answer())?.json(), { valid: true })
  t.match((await validate(api, text)).json(), { valid: true }, 'and makes room')
})

t.test('other methods: what is there is a file of that id', async (t) => {
  t.equal((await api.call('GET', '/v1/files/validate')).status, 404)
  const answer = await api.call('PUT', '/v1/files/validate')
  t.equal(answer.status, 405)
  t.equal(answer.headers.get('allow'), 'DELETE, GET, HEAD, POST')
  t.equal((await api.call('POST', '/v1/files/validate/')).status, 404)
})
