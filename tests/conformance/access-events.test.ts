import { type ApiClient, readEvents, startServer, until } from '@custody/testkit'
import t from 'tap'

const KiB = 1024

type Read = {
  readonly file: string
  readonly what: string
  readonly range: { readonly start: number; readonly end: number } | null
  readonly read_at: number
  readonly request: string
}

async function readsIn(dataDir: string) {
  return (await readEvents(dataDir))
    .filter(({ record }) => record.type === 'FileContentRead')
    .map(({ record }) => ({ ...record, data: record.data as Read }))
}

async function upload(api: ApiClient, bytes = KiB): Promise<string> {
  const content = Buffer.alloc(bytes, 'custody')
  return (await api.upload({ purpose: 'user_data', filename: 'a.txt', content })).json()
    .id
}

/** Everything that can be asked of a file, from nothing to its content. */
async function readAll(api: ApiClient, id: string): Promise<string[]> {
  const path = `/v1/files/${id}/content`
  const answers = [
    await api.get(id),
    await api.content(id),
    await api.content(id, { range: 'bytes=10-19' }),
    await api.content(id, { range: 'bytes=-5' }),
    await api.call('HEAD', path),
    await api.content(id, { 'if-none-match': '*' }),
    await api.content(id, { range: 'bytes=999999-' }),
    await api.call('GET', '/v1/files'),
  ]
  t.same(
    answers.map(({ status }) => status),
    [200, 200, 206, 206, 200, 304, 416, 200],
  )
  return answers.map(({ headers }) => headers.get('x-request-id') ?? '')
}

const uuid = (id: string) =>
  id.replace(/^file-(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

for (const bytes of [KiB, 200 * KiB]) {
  t.test(`contents of ${bytes} bytes that are read become events`, async (t) => {
    const server = await startServer(t, { env: { CUSTODY_ACCESS_EVENTS: 'content' } })
    const { api, id: project, keyId } = await server.createProject()
    const other = await server.createProject()
    const id = await upload(api, bytes)
    const begin = Date.now()
    const requests = await readAll(api, id)
    t.equal((await other.api.content(id)).status, 404)
    t.equal(
      (await api.content(`${id.slice(0, -1)}${id.endsWith('f') ? '0' : 'f'}`)).status,
      404,
    )
    await until(
      'the events of the reads',
      async () => (await readsIn(server.dataDir)).length >= 3,
    )
    t.equal(await server.stop(), 0)
    const reads = await readsIn(server.dataDir)
    t.same(
      reads.map(({ data: { file, what, range, request } }) => [
        file,
        what,
        range,
        request,
      ]),
      [
        [uuid(id), 'content', null, requests[1]],
        [uuid(id), 'content', { start: 10, end: 20 }, requests[2]],
        [uuid(id), 'content', { start: bytes - 5, end: bytes }, requests[3]],
      ],
    )
    for (const read of reads) {
      t.match(read, { project, actor: `key:${keyId}` })
      t.match(read.stream, new RegExp(`^access:${project}:20\\d\\d-\\d\\d-\\d\\d$`))
      t.ok(read.data.read_at >= begin && read.data.read_at <= Date.now())
      t.notOk('lost' in read.data)
    }
    t.same(
      reads.map(({ version }) => version),
      reads.map((_, index) => index + 1),
      'a stream of their own',
    )
  })
}

t.test('all: metadata of a file, too, and no list', async (t) => {
  const server = await startServer(t, { env: { CUSTODY_ACCESS_EVENTS: 'all' } })
  const { api } = await server.createProject()
  const id = await upload(api)
  const requests = await readAll(api, id)
  t.equal(await server.stop(), 0)
  t.same(
    (await readsIn(server.dataDir)).map(({ data: { what, request } }) => [what, request]),
    [
      ['metadata', requests[0]],
      ['content', requests[1]],
      ['content', requests[2]],
      ['content', requests[3]],
      ['metadata', requests[4]],
      ['metadata', requests[5]],
    ],
    'and what waited was written down when the server stopped',
  )
})

t.test('off: nothing is written down', async (t) => {
  const server = await startServer(t)
  const { api } = await server.createProject()
  const id = await upload(api)
  await readAll(api, id)
  t.equal(await server.stop(), 0)
  t.same(await readsIn(server.dataDir), [])
})

t.test('many reads of several keys are all there, and the log is whole', async (t) => {
  const server = await startServer(t, { env: { CUSTODY_ACCESS_EVENTS: 'content' } })
  const projects = await Promise.all([server.createProject(), server.createProject()])
  const files = await Promise.all(projects.map(({ api }) => upload(api)))
  const wanted = 400
  await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      const which = n % 2
      for (let count = 0; count < wanted / 8; count += 1) {
        await projects[which]?.api.content(files[which] ?? '')
      }
    }),
  )
  const verified = await server.custody('audit', 'verify')
  t.equal(verified.code, 0, verified.stdout)
  t.equal(await server.stop(), 0)
  const reads = await readsIn(server.dataDir)
  t.equal(reads.length, wanted)
  for (const [index, { keyId, id }] of projects.entries()) {
    const own = reads.filter(({ actor }) => actor === `key:${keyId}`)
    t.equal(own.length, wanted / 2)
    t.ok(
      own.every(
        ({ project, data }) => project === id && data.file === uuid(files[index] ?? ''),
      ),
    )
  }
  t.equal(new Set(reads.map(({ data }) => data.request)).size, wanted)
})
