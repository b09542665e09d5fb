import {
  type Answer,
  clientForms,
  RawConnection,
  startServer,
  type TestProject,
} from '@custody/testkit'
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { batchLine } from './statements/samples.ts'

// The same story in every dialect, and what differs as a table.

type Look = {
  readonly id: RegExp
  /** What the File object has beyond OpenAI's members. */
  readonly aliases?: readonly string[]
  /** What the answer to an upload has beyond the File object. */
  readonly onUpload?: Readonly<Record<string, unknown>>
  /** What a list has beyond OpenAI's members. */
  readonly onList?: readonly string[]
  readonly onDeleted?: readonly string[]
  readonly limit: { readonly default: number; readonly max: number }
  /** Days that a batch is kept where nobody says; absent: until it is deleted. */
  readonly batchDays?: number
  readonly tooLarge: { readonly status: number; readonly type: string }
  readonly unauthorized: string
  readonly tooOften: string
}

const request = 'invalid_request_error'
const base: Look = {
  id: /^file-[0-9a-f]{32}$/,
  limit: { default: 10_000, max: 10_000 },
  tooLarge: { status: 413, type: request },
  unauthorized: request,
  tooOften: 'rate_limit_error',
}

const looks: Readonly<Record<string, Look>> = {
  openai: { ...base, batchDays: 30 },
  gravix: {
    ...base,
    aliases: ['file_id', 'file_name', 'size_bytes'],
    onUpload: { message: 'file uploaded' },
    onDeleted: ['file_id'],
    tooLarge: { status: 413, type: 'file_too_large' },
    tooOften: 'rate_limit_exceeded',
  },
  'fastapi-ai': { ...base, batchDays: 30 },
  gateflow: { ...base, aliases: ['gateflow'] },
  platform: {
    ...base,
    id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    onList: ['total'],
    limit: { default: 100, max: 1_000 },
  },
  melious: {
    ...base,
    limit: { default: 20, max: 100 },
    tooLarge: { status: 400, type: request },
    unauthorized: 'authentication_error',
  },
}

const server = await startServer(t)
const batch = { purpose: 'batch', filename: 'batch.jsonl', content: batchLine }
const never = '01234567-89ab-7def-8123-456789abcdef'

type AnyFile = Readonly<Record<string, unknown>> & { readonly id: string }

t.test('every dialect is in the table', async (t) => {
  const body = { name: 'x', dialect: 'none' }
  const answer = await server.admin.call('POST', '/v1/organization/projects', { body })
  t.match(answer.error(), { status: 400, param: 'dialect' })
  for (const name of Object.keys(looks)) t.ok(answer.text.includes(`'${name}'`), name)
  t.equal(answer.error().message.split(',').length, Object.keys(looks).length)
})

for (const [dialect, look] of Object.entries(looks)) {
  const project = (options = {}) => server.createProject({ ...options, dialect })

  t.test(`${dialect}: upload, get, list, content, delete`, async (t) => {
    const { api } = await project()
    for (const client of ['openai-python', 'openai-node with a stream'] as const) {
      const answer = await api.upload(clientForms[client](batch))
      t.equal(answer.status, 200, answer.text)
      const uploaded = answer.json<AnyFile>()
      const members = ['id', 'object', 'bytes', 'created_at', 'filename', 'purpose']
      const optional = look.batchDays === undefined ? [] : ['expires_at']
      const aliases = look.aliases ?? []
      t.same(
        Object.keys(uploaded).sort(),
        [
          ...[...members, 'status', 'status_details', ...optional, ...aliases],
          ...Object.keys(look.onUpload ?? {}),
        ].sort(),
      )
      t.match(uploaded, {
        id: look.id,
        object: 'file',
        bytes: batchLine.length,
        filename: 'batch.jsonl',
        purpose: 'batch',
        status: 'processed',
        ...look.onUpload,
      })
      if (look.batchDays !== undefined) {
        const kept = Number(uploaded.expires_at) - Number(uploaded.created_at)
        t.equal(kept, look.batchDays * 86_400)
      }
      const file = Object.fromEntries(
        Object.entries(uploaded).filter(([name]) => !(name in (look.onUpload ?? {}))),
      )
      t.same((await api.get(uploaded.id)).json(), file, 'GET')
      const page = await api.list('limit=1')
      t.same(page.data, [file], 'the newest of the list')
      t.same(
        Object.keys(page).sort(),
        [
          ...['object', 'data', 'first_id', 'last_id', 'has_more'],
          ...(look.onList ?? []),
        ].sort(),
      )
      t.match(page, { object: 'list', first_id: uploaded.id, last_id: uploaded.id })
      const content = await api.content(uploaded.id)
      t.equal(content.text, batchLine)
      t.equal(content.headers.get('content-type'), 'application/octet-stream')
      const range = await api.content(uploaded.id, { range: 'bytes=0-3' })
      t.match(range, { status: 206, text: batchLine.slice(0, 4) })
      const deleted = (await api.delete(uploaded.id)).json<AnyFile>()
      t.match(deleted, { id: uploaded.id, object: 'file', deleted: true })
      t.same(Object.keys(deleted).slice(3), look.onDeleted ?? [])
      t.match((await api.get(uploaded.id)).error(), { status: 404, param: 'id' })
    }
  })

  t.test(`${dialect}: the SDK goes all the way`, async (t) => {
    const { key } = await project()
    const baseURL = `${server.address}/v1`
    const client = new OpenAI({ baseURL, apiKey: key, maxRetries: 0 })
    const ids: string[] = []
    for (const name of ['a.jsonl', 'b.jsonl', 'c.jsonl']) {
      const file = await toFile(Buffer.from(batchLine), name)
      ids.unshift((await client.files.create({ file, purpose: 'batch' })).id)
    }
    const [newest = ''] = ids
    const found: string[] = []
    for await (const { id } of client.files.list({ limit: 1 })) found.push(id)
    t.same(found, ids, 'the pager ends, and misses none')
    t.equal((await client.files.waitForProcessing(newest)).status, 'processed')
    t.equal(await (await client.files.content(newest)).text(), batchLine)
    t.equal((await client.files.delete(newest)).deleted, true)
  })

  t.test(`${dialect}: dry runs and bulk deletions show its ids`, async (t) => {
    const { api } = await project()
    const { id } = (await api.upload(batch)).json()
    const form = clientForms.curl(batch)
    const dryRun = await api.call('POST', '/v1/files/validate', { body: form })
    t.match(dryRun.json(), { object: 'file.validation', valid: true, purpose: 'batch' })
    const later = Math.ceil(Date.now() / 1000) + 10
    const query = `purpose=batch&created_before=${later}`
    const bulk = await api.call('DELETE', `/v1/files?${query}`)
    t.match(bulk.json(), { object: 'file.bulk_deletion', matched: 1, ids: [id] })
    t.match(id, look.id)
  })

  t.test(`${dialect}: an id is understood in both forms`, async (t) => {
    const { api } = await project()
    const { id } = (await api.upload(batch)).json()
    const hex = id.replace('file-', '').replaceAll('-', '')
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    for (const form of [`file-${hex}`, uuid]) {
      t.equal((await api.get(form)).json().id, id)
      t.same((await api.list(`after=${form}`)).data, [])
    }
    t.match(id, look.id)
  })

  t.test(`${dialect}: metadata and OpenAI's expires_after`, async (t) => {
    const { api } = await project()
    const expiry = [
      ['expires_after[anchor]', 'created_at'],
      ['expires_after[seconds]', '3600'],
    ] as const
    for (const metadata of [
      [['metadata', '{"client":"acme","year":"2026"}']],
      [
        ['metadata[client]', 'acme'],
        ['metadata[year]', '2026'],
      ],
    ] as const) {
      const fields = [...metadata, ...expiry]
      const file = (await api.upload({ ...batch, fields })).json()
      t.same(file.metadata, { client: 'acme', year: '2026' })
      t.equal(file.expires_at, file.created_at + 3600)
      t.match((await api.get(file.id)).json(), { metadata: { client: 'acme' } })
    }
  })

  t.test(`${dialect}: bounds of lists`, async (t) => {
    const { api } = await project()
    const { max } = look.limit
    t.equal((await api.call('GET', `/v1/files?limit=${max}`)).status, 200)
    const refused = {
      'limit=0': { param: 'limit', code: 'integer_below_min_value' },
      'limit=-1': { param: 'limit', code: 'integer_below_min_value' },
      [`limit=${max + 1}`]: { param: 'limit', code: 'integer_above_max_value' },
      'limit=abc': { param: 'limit', code: 'invalid_type' },
      'limit=1.5': { param: 'limit', code: 'invalid_type' },
      'limit=1&limit=1': { param: 'limit', code: 'duplicate_parameter' },
      'order=newest': { param: 'order', code: 'invalid_value' },
    }
    for (const [query, expected] of Object.entries(refused)) {
      const answer = await api.call('GET', `/v1/files?${query}`)
      t.match(answer.error(), { status: 400, type: request, ...expected }, query)
    }
    const { message } = (await api.call('GET', `/v1/files?limit=${max + 1}`)).error()
    t.match(message, `<= ${max}, but got ${max + 1}`)
  })

  t.test(`${dialect}: wrong forms`, async (t) => {
    const { api } = await project()
    const file = { name: 'file', filename: 'batch.jsonl', content: batchLine }
    const purpose = { name: 'purpose', content: 'batch' }
    const field = (name: string, content: string) => [purpose, { name, content }, file]
    const long = 'x'.repeat(513)
    const keys = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [n, ''])))
    const wrong = [
      { parts: [purpose], param: 'file', code: 'missing_required_parameter' },
      { parts: [file], param: 'purpose', code: 'missing_required_parameter' },
      { parts: field('sort', '1'), param: 'sort', code: 'unknown_parameter' },
      { parts: field('purpose', 'batch'), param: 'purpose', code: 'duplicate_parameter' },
      {
        parts: field('__proto__[a]', '1'),
        param: '__proto__[a]',
        code: 'unknown_parameter',
      },
      { parts: [purpose, file, file], param: 'file', code: 'duplicate_parameter' },
      { parts: field('metadata', '[]'), param: 'metadata', code: 'invalid_type' },
      { parts: field('metadata', keys(17)), param: 'metadata', code: 'invalid_value' },
      {
        parts: field(`metadata[${'k'.repeat(65)}]`, 'v'),
        param: 'metadata',
        code: 'string_above_max_length',
      },
      {
        parts: field('metadata[k]', long),
        param: 'metadata',
        code: 'string_above_max_length',
      },
      {
        parts: field('expires_after', 'soon'),
        param: 'expires_after',
        code: 'invalid_type',
      },
      {
        parts: field('expires_after', '0'),
        param: 'expires_after',
        code: 'integer_below_min_value',
      },
      {
        parts: [purpose, { ...file, content: '' }],
        param: 'file',
        code: 'empty_file',
      },
      {
        parts: [purpose, { ...file, content: `${batchLine}{nope\n` }],
        param: null,
        code: 'invalid_json_line',
      },
    ]
    for (const { parts, param, code } of wrong) {
      const answer = await api.upload(parts)
      t.match(answer.error(), { status: 400, type: request, param, code }, answer.text)
    }
    t.same((await api.list()).data, [], 'nothing of it was kept')
  })

  t.test(`${dialect}: refusals in its own words`, async (t) => {
    const limited = await project({ limits: { max_file_bytes: 8 } })
    const tooLarge = (await limited.api.upload(batch)).error()
    t.match(tooLarge, { ...look.tooLarge, code: 'file_too_large', param: 'file' })
    t.match(tooLarge.message, /at most 8 bytes/, 'the limit')
    t.match(
      tooLarge.message,
      new RegExp(`has (at least )?${batchLine.length}`),
      'the size seen',
    )

    const often = await project({ limits: { uploads_per_minute: 1 } })
    t.equal((await often.api.upload(batch)).status, 200)
    const tooOften = (await often.api.upload(batch)).error()
    t.match(tooOften, { status: 429, type: look.tooOften, code: 'rate_limit_exceeded' })

    const reader = await project({ scopes: ['api.files.read'] })
    t.match((await reader.api.upload(batch)).error(), {
      status: 403,
      code: 'insufficient_permissions',
    })

    const full = await project({ limits: { quota_bytes: 8 } })
    t.match((await full.api.upload(batch)).error(), {
      status: 507,
      code: 'storage_quota_exceeded',
    })

    const left = await project()
    t.equal((await left.api.call('GET', '/v1/files')).status, 200)
    const path = `/v1/organization/projects/${left.id}/api_keys/${left.keyId}`
    await server.admin.call('DELETE', path)
    t.match(
      (await left.api.call('GET', '/v1/files')).error(),
      { status: 401, type: look.unauthorized, code: 'invalid_api_key' },
      'a key that was revoked is told so by its project',
    )
  })

  t.test(`${dialect}: another project's id is as one that never was`, async (t) => {
    const { api } = await project()
    const { id } = (await api.upload(batch)).json()
    const others = [await project(), await server.createProject({ dialect: 'platform' })]
    const foreign: string[] = []
    for (const other of others) {
      const theirs = (await other.api.upload(batch)).json().id
      const hex = theirs.replace('file-', '').replaceAll('-', '')
      foreign.push(theirs, `file-${hex}`)
    }
    const asks = askers({ api })
    for (const [what, ask] of Object.entries(asks)) {
      const expected = seen(await ask(never), never)
      t.equal(expected.status, 404, what)
      for (const theirs of foreign)
        t.same(seen(await ask(theirs), theirs), expected, what)
    }
    for (const [index, other] of others.entries()) {
      t.equal((await other.api.get(foreign[2 * index] ?? '')).status, 200, 'it is there')
    }
    t.equal((await api.get(id)).status, 200)
  })
}

for (const [dialect, look] of Object.entries(looks)) {
  t.test(
    `CUSTODY_DIALECT=${dialect}: the project default, and who has no key`,
    async (t) => {
      const own = await startServer(t, { env: { CUSTODY_DIALECT: dialect } })
      const file = (await own.api.upload(batch)).json()
      t.match(file, { id: look.id, ...look.onUpload })
      const refused = { status: 401, type: look.unauthorized, param: null }
      const list = (key?: string) => own.as(key).call('GET', '/v1/files')
      t.match((await list()).error(), { ...refused, code: null })
      t.match((await list('sk-wrong')).error(), { ...refused, code: 'invalid_api_key' })
      t.match((await own.as().upload(batch)).error(), { ...refused, code: null })

      const broken = await RawConnection.open(own.address)
      t.teardown(() => broken.vanish())
      const answer = await broken.send('no HTTP at all\r\n\r\n').answer()
      t.match(answer.error(), { status: 400, type: request })
    },
  )
}

/** Every route and parameter that takes the id of a file. */
function askers({ api }: Pick<TestProject, 'api'>) {
  return {
    get: (id: string) => api.get(id),
    head: (id: string) => api.call('HEAD', `/v1/files/${id}`),
    delete: (id: string) => api.delete(id),
    content: (id: string) => api.content(id),
    'head of content': (id: string) => api.call('HEAD', `/v1/files/${id}/content`),
    after: (id: string) => api.call('GET', `/v1/files?after=${id}`),
    'after and order': (id: string) => api.call('GET', `/v1/files?after=${id}&order=asc`),
  }
}

/** What a client sees of an answer, but for the id that it sent, that of the request, and the time. */
function seen({ status, headers, text }: Answer, id: string) {
  const own = ['x-request-id', 'date', 'openai-processing-ms', 'content-length']
  const shown = [...headers].filter(([name]) => !own.includes(name))
  return { status, headers: shown, text: text.replaceAll(id, 'THE_ID') }
}

t.test('platform: offset and after exclude each other', async (t) => {
  const { api } = await server.createProject({ dialect: 'platform' })
  const { id } = (await api.upload(batch)).json()
  for (const query of [`offset=1&after=${id}`, `after=${id}&offset=0`]) {
    const answer = await api.call('GET', `/v1/files?${query}`)
    t.match(answer.error(), { status: 400, code: 'invalid_value', param: 'offset' })
  }
})

t.test('a dialect says how many files a page has where nobody does', async (t) => {
  for (const [dialect, { limit }] of Object.entries(looks)) {
    if (limit.default > 100) continue
    const { api } = await server.createProject({ dialect })
    for (let n = 0; n <= limit.default; n += 1) await api.upload(batch)
    const page = await api.list()
    t.equal(page.data.length, limit.default, dialect)
    t.equal(page.has_more, true)
  }
})

t.test('a project that changes its dialect answers in the new one at once', async (t) => {
  const { api, id } = await server.createProject({ dialect: 'platform' })
  const file = (await api.upload(batch)).json<AnyFile>()
  const path = `/v1/organization/projects/${id}`
  await server.admin.call('POST', path, { body: { dialect: 'gravix' } })
  const shown = (await api.get(file.id)).json<AnyFile>()
  t.equal(shown.file_id, `file-${file.id.replaceAll('-', '')}`)
})

t.test('the command line makes projects of a dialect, and shows it', async (t) => {
  const made = await server.custody('projects', 'create', 'Team', '--dialect', 'melious')
  t.equal(made.code, 0, made.stderr)
  const { stdout } = await server.custody('projects', 'list')
  const line = stdout.split('\n').find((one) => one.includes(made.stdout.trim()))
  t.match(line, /melious/)
  const wrong = await server.custody('projects', 'create', 'Team', '--dialect', 'none')
  t.not(wrong.code, 0)
  t.match(wrong.stderr, /'gravix'/, 'and names those that there are')
})
