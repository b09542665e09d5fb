import { ftruncateSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@custody/testkit'
import t, { type Test } from 'tap'
import { type Desk, desk } from './support/start-command.ts'
import {
  type ForeignAnswer,
  type ForeignRequest,
  startForeignServer,
} from './support/start-foreign-server.ts'

async function setUp(t: Test, respond: (request: ForeignRequest) => ForeignAnswer) {
  const server = await startForeignServer(t, respond)
  const env = { OPENAI_BASE_URL: `${server.base}/`, OPENAI_API_KEY: 'sk-foreign' }
  return { server, here: desk(t, { ...env, CUSTODY_API_KEY: 'sk-custody-of-ours-only' }) }
}

const file = { id: 'file-1', object: 'file', bytes: 3, filename: 'a.txt' }
const partsOf = (requests: readonly ForeignRequest[]) =>
  requests.filter(({ path }) => path.endsWith('/parts'))

t.test(
  'without an Uploads API a file goes in a form, and is asked for once',
  async (t) => {
    const { here, server } = await setUp(t, ({ path }) =>
      path === '/some/v1/files' ? [200, file] : [404, 'no such route'],
    )
    here.write('a.txt', 'abc'.repeat(50))
    here.write('b.txt', 'def'.repeat(50))
    const flags = ['--part-size', '64', '--parallel', '1']
    const { code, stdout, stderr } = await here.files('put', 'a.txt', 'b.txt', ...flags)
    t.equal(code, 0, stderr)
    t.equal(stdout, 'file-1  a.txt\nfile-1  b.txt\n')
    const paths = ['/some/v1/uploads', '/some/v1/files', '/some/v1/files']
    t.strictSame(
      server.requests.map(({ path }) => path),
      paths,
    )
    const [, form] = server.requests
    t.equal(form?.headers.authorization, 'Bearer sk-foreign', 'the key of its own name')
    t.match(form?.body.toString(), /name="purpose"\r\n\r\nuser_data\r\n/)
    t.match(
      form?.body.toString(),
      /filename="a\.txt"\r\nContent-Type: text\/plain\r\n\r\nabc/,
    )
    t.equal(form?.headers['content-length'], String(form?.body.length))
  },
)

t.test('what is too large for a form is not sent without an Uploads API', async (t) => {
  const { here, server } = await setUp(t, () => [405, { error: 'not here' }])
  ftruncateSync(openSync(join(here.folder, 'huge.bin'), 'w'), 513 * 2 ** 20)
  const { code, stderr } = await here.files('put', 'huge.bin')
  t.equal(code, 1)
  t.match(
    stderr,
    /'huge\.bin' has 513\.0 MiB, and http:.* has no Uploads API \(POST \/some\/v1\/uploads\)/,
  )
  t.match(stderr, /without it a file may have at most 512\.0 MiB/)
  t.equal(server.requests.length, 1)
})

/** OpenAI's Uploads API, which tells nothing of an upload. */
function uploadsApi(): (request: ForeignRequest) => ForeignAnswer {
  let ids = 0
  return ({ path, method }) => {
    if (path === '/some/v1/uploads') return [200, { id: `upload_${++ids}` }]
    if (method === 'GET') return [404, { error: { message: 'Not found' } }]
    if (path.endsWith('/parts')) return [200, { id: `part_${++ids}` }]
    if (path.endsWith('/complete'))
      return [200, { id: 'upload', status: 'completed', file }]
    return [200, {}]
  }
}

/** Puts a file in eight parts until the server has three, and no more are answered. */
async function interruptPut(here: Desk, requests: readonly ForeignRequest[]) {
  here.write('large.txt', Buffer.from('abcdefgh'))
  const args = ['put', 'large.txt', '--part-size', '1', '--parallel', '1']
  const put = here.start('files', ...args)
  await until('the fourth part', () => partsOf(requests).length > 3)
  put.kill('SIGKILL')
  await put.ended
  return () => here.files(...args)
}

t.test('a put goes on where the server does not tell which parts it has', async (t) => {
  const respond = uploadsApi()
  let isSlow = true
  const { here, server } = await setUp(t, (request) => {
    const isFourth = isSlow && partsOf(server.requests).length > 3
    return isFourth ? [503, '', { 'retry-after': '60' }] : respond(request)
  })
  const goOn = await interruptPut(here, server.requests)
  isSlow = false
  const before = partsOf(server.requests).length
  const { code, stderr } = await goOn()
  t.equal(code, 0, stderr)
  t.match(stderr, /goes on where it stopped: 3 of 8 parts are there/)
  t.equal(partsOf(server.requests).length - before, 5)
  const completion = JSON.parse(server.requests.at(-1)?.body.toString() ?? '')
  t.equal(new Set(completion.part_ids).size, 8)
})

t.test('an upload that such a server has forgotten begins anew', async (t) => {
  const respond = uploadsApi()
  let first = true
  const { here, server } = await setUp(t, (request) => {
    if (first && partsOf(server.requests).length > 3)
      return [503, '', { 'retry-after': '60' }]
    const isFormer = request.path.includes('/upload_1/')
    return !first && isFormer
      ? [400, { error: { message: 'expired' } }]
      : respond(request)
  })
  const goOn = await interruptPut(here, server.requests)
  first = false
  const before = partsOf(server.requests).length
  const { code, stderr } = await goOn()
  t.equal(code, 0, stderr)
  t.equal(
    partsOf(server.requests).length - before,
    9,
    'one is refused, then all are sent',
  )
})

t.test('a server is asked again as it says', async (t) => {
  const answers: ForeignAnswer[] = [
    [429, { error: { message: 'slowly' } }, { 'retry-after': '1' }],
    [400, { error: { message: 'once more' } }, { 'x-should-retry': 'true' }],
    [500, 'broken', { 'retry-after-ms': '10' }],
    [200, file],
  ]
  const times: number[] = []
  const { here } = await setUp(t, () => {
    times.push(performance.now())
    return answers.shift() ?? [500]
  })
  here.write('a.txt', 'abc')
  const { code, stderr } = await here.files('put', 'a.txt')
  t.equal(code, 0, stderr)
  t.equal(times.length, 4)
  t.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990, 'not before it said')
})

t.test('a server that will not be asked again is not', async (t) => {
  const answers: ForeignAnswer[] = [
    [507, { error: { message: 'The quota is used up.' } }, { 'x-should-retry': 'false' }],
    [503, '<html>', { 'retry-after': '3600' }],
    [400, { detail: 'no' }],
  ]
  const { here, server } = await setUp(t, () => answers.shift() ?? [200, file])
  for (const name of ['1', '2', '3']) here.write(name, name)
  const { code, stderr } = await here.files('put', '1', '2', '3', '--parallel', '1')
  t.equal(code, 1)
  t.equal(server.requests.length, 3)
  t.match(stderr, /'1' is not put: The quota is used up\. \(507 from http/)
  t.match(stderr, /'2' is not put: '<html>' \(503 from http/)
  t.match(stderr, /'3' is not put: no \(400 from http/)
})

t.test('what is no API is told', async (t) => {
  const { here } = await setUp(t, () => [200, '<html>Welcome</html>'])
  const { code, stderr } = await here.files('list')
  t.equal(code, 1)
  t.match(stderr, /is not JSON: '<html>Welcome<\/html>'\. Is this the address of an/)
})

t.test('a redirected download is followed, without the key', async (t) => {
  const store = await startForeignServer(t, () => [200, 'from the store'])
  const { here } = await setUp(t, ({ path }) =>
    path.endsWith('/content')
      ? [302, '', { location: `${store.base}/signed` }]
      : [200, { id: 'file-1', filename: 'a.txt' }],
  )
  const { code, stderr } = await here.files('get', 'file-1')
  t.equal(code, 0, stderr)
  t.equal(readFileSync(join(here.folder, 'a.txt'), 'utf8'), 'from the store')
  t.equal(store.requests[0]?.headers.authorization, undefined)
})

t.test('without entity tags a broken download begins again, and is whole', async (t) => {
  const whole = 'x'.repeat(1000)
  let attempts = 0
  const { here, server } = await setUp(t, ({ path }) => {
    if (!path.endsWith('/content')) return [200, { id: 'file-1', filename: 'a.txt' }]
    attempts += 1
    // Fewer bytes than are said: the client sees the connection end
    return attempts === 1
      ? [200, whole.slice(0, 100), { 'content-length': '1000', connection: 'close' }]
      : [200, whole]
  })
  const { code, stderr } = await here.files('get', 'file-1', '--timeout', '1')
  t.equal(code, 0, stderr)
  t.equal(readFileSync(join(here.folder, 'a.txt'), 'utf8'), whole)
  t.equal(server.requests.at(-1)?.headers.range, undefined)
  t.strictSame(readdirSync(here.folder), ['a.txt'])
})

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ id: `file-${from + n}` }))

t.test('lists are read to their end, whatever way they page', async (t) => {
  const ways: ((request: ForeignRequest) => ForeignAnswer)[] = [
    ({ query }) =>
      query.get('after') === 'file-2'
        ? [200, { data: ids(3, 5), has_more: false }]
        : [200, { data: ids(0, 3), has_more: true }],
    ({ query }) =>
      query.get('offset') === '3'
        ? [200, { data: ids(3, 5), total: 5 }]
        : [200, { data: ids(0, 3), total: 5 }],
    () => [200, { data: ids(0, 5) }],
  ]
  for (const respond of ways) {
    const { here } = await setUp(t, respond)
    const { lines, stderr } = await here.files('list', '--json')
    t.strictSame(lines(), ids(0, 5), stderr)
  }
})

t.test('a list that never ends is left', async (t) => {
  const { here } = await setUp(t, () => [200, { data: ids(0, 3), has_more: true }])
  const { code, stderr } = await here.files('list')
  t.equal(code, 1)
  t.match(stderr, /The server's list does not go on behind 'file-2'/)
})

t.test('a name of a server does not steer the terminal', async (t) => {
  const data = [{ id: 'file-1', filename: 'a\u001b[2J\n\u202eb', bytes: 1 }]
  const { here } = await setUp(t, () => [200, { data }])
  const { stdout } = await here.files('list')
  t.match(stdout, 'a\\u001b[2J\\u000a\\u202eb')
  t.equal(stdout.trim().split('\n').length, 2)
})
