import { startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api, id: project } = await server.createProject({
  scopes: [
    'api.files.read',
    'api.files.write',
    'api.files.hold',
    'api.webhooks.write',
    'api.audit.read',
  ],
})
const content = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
const { id: file } = (await api.upload(content)).json()

const declared = {
  filename: 'a.txt',
  purpose: 'user_data',
  bytes: 5,
  mime_type: 'text/plain',
}
const hook = { url: 'https://example.com/hook', events: ['*'] }
const organization = '/v1/organization'
const ofProject = `${organization}/projects/${project}`

/** Every text that a body can have and that is kept: path, body without it, and its name. */
const kept: readonly [path: string, body: object, param: string][] = [
  ['/v1/uploads', declared, 'filename'],
  ['/v1/uploads', declared, 'mime_type'],
  [`/v1/files/${file}/holds`, {}, 'name'],
  [`/v1/files/${file}/holds`, { name: 'case 1' }, 'note'],
  ['/v1/webhooks', hook, 'url'],
  ['/v1/webhooks', hook, 'description'],
  [`${organization}/projects`, {}, 'name'],
  [ofProject, {}, 'name'],
  [`${ofProject}/service_accounts`, {}, 'name'],
]

const unfit = { 'U+0000': 'a\0b', 'half a surrogate pair': 'a\ud800b' }

for (const [what, text] of Object.entries(unfit)) {
  for (const [path, body, param] of kept) {
    t.test(
      `a text with ${what} is refused and named: ${param} of ${path.split('/').at(-1)}`,
      async (t) => {
        const asker = path.startsWith(organization) ? server.admin : api
        const answer = await asker.call('POST', path, {
          body: { ...body, [param]: text },
        })
        t.match(answer.error(), {
          status: 400,
          code: /^invalid_(value|file_name)$/,
          param,
          message: text === unfit['U+0000'] ? /'a\\u0000b'/ : /'a\\ud800b'/,
        })
      },
    )
  }

  t.test(`metadata with ${what} is refused and named`, async (t) => {
    for (const metadata of [{ a: text }, { [text]: 'a' }]) {
      const refused = { status: 400, code: 'invalid_value', param: 'metadata' }
      const declaration = { ...declared, metadata }
      const upload = await api.call('POST', '/v1/uploads', { body: declaration })
      t.match(upload.error(), refused)
      const fields = [['metadata', JSON.stringify(metadata)]] as const
      t.match((await api.upload({ ...content, fields })).error(), refused)
    }
  })
}

t.test('JSON that is nested very deep is refused', async (t) => {
  const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const headers = { 'content-type': 'application/json' }
  const body = Buffer.from(
    JSON.stringify({ ...declared, metadata: 0 }).replace('0}', `${nested}}`),
  )
  const upload = await api.call('POST', '/v1/uploads', { headers, body })
  t.match(upload.error(), { status: 400, code: 'invalid_json' })
  const fields = [['metadata', `{"a":${nested}}`]] as const
  const form = await api.upload({ ...content, fields })
  t.match(form.error(), { status: 400, code: 'invalid_type', param: 'metadata' })
})
