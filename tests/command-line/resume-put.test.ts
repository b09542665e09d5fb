import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEvents, startServer, until } from '@custody/testkit'
import t, { type Test } from 'tap'
import { type Desk, desk } from './support/start-command.ts'
import { type Relay, type Seen, startRelay } from './support/start-relay.ts'

const KiB = 1024
const parts = 8
const server = await startServer(t)
const { api, apiKey, dataDir } = server

/** Its parts differ, but for two that are alike. */
const content = Buffer.concat(
  Array.from({ length: parts }, (_, n) => Buffer.alloc(16 * KiB, `${n % 7} `)),
)

const isPart = ({ path }: Seen) => path.endsWith('/parts')
const isComplete = ({ path }: Seen) => path.endsWith('/complete')

async function setUp(t: Test): Promise<{ here: Desk; relay: Relay }> {
  const relay = await startRelay(t, server.address)
  const here = desk(t, { CUSTODY_URL: relay.address, CUSTODY_API_KEY: apiKey })
  here.write('large.txt', content)
  return { here, relay }
}

const args = ['files', 'put', 'large.txt', '--part-size', '16KiB']

/** Types of what was done to uploads and files since `position`; the server may have done something by itself besides. */
async function doneSince(position: number): Promise<string[]> {
  const events = await readEvents(dataDir)
  return events
    .filter(({ record }) => record.position > position)
    .map(({ record }) => record.type)
    .filter((type) => /^(Upload|File)/.test(type))
}

/** Parts that the server has taken since `position`. */
async function partsTaken(position: number): Promise<number> {
  const done = await doneSince(position)
  return done.filter((type) => type === 'UploadPartAdded').length
}

const lastPosition = async () => (await readEvents(dataDir)).length

const saved = ({ state }: Desk) => readdirSync(join(state, 'custody', 'transfers'))

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  t.test(`${signal} between parts: the same command sends the others`, async (t) => {
    const { here, relay } = await setUp(t)
    const position = await lastPosition()
    let passed = 0
    relay.fate = (seen) => (isPart(seen) && ++passed > 3 ? 'hold' : 'pass')
    const first = here.start(...args, '--parallel', '2')
    await until('parts that wait', () => relay.seen.filter(isPart).length === 5)
    // The third may be answered just now
    await until('three parts', () => relay.answered.filter(isPart).length === 3)
    first.kill(signal)
    const { code, stdout, stderr } = await first.ended
    const codes = { SIGKILL: null, SIGINT: 130 }
    t.strictSame([code, stdout], [codes[signal], ''])
    if (signal !== 'SIGKILL') {
      t.match(stderr, /^custody: interrupted: the same command does what is left\n$/)
    }
    t.equal(await partsTaken(position), 3)

    relay.fate = () => 'pass'
    const again = await here.start(...args).ended
    t.equal(again.code, 0, again.stderr)
    t.match(again.stderr, /'large\.txt' goes on where it stopped: 3 of 8 parts are there/)
    t.equal(await partsTaken(position), parts, 'none is sent again')
    const [id = ''] = again.stdout.split('  ')
    t.ok((await api.content(id)).bytes.equals(content))
    t.strictSame(saved(here), [], 'nothing is left of it')
  })
}

t.test('a file that was changed since begins anew', async (t) => {
  const { here, relay } = await setUp(t)
  relay.fate = (seen) => (isComplete(seen) ? 'hold' : 'pass')
  const first = here.start(...args)
  await until('the completion', () => relay.seen.some(isComplete))
  first.kill('SIGKILL')
  await first.ended
  const other = Buffer.from(content).fill('x', 0, 5)
  here.write('large.txt', other)
  relay.fate = () => 'pass'
  const again = await here.start(...args).ended
  t.equal(again.code, 0, again.stderr)
  t.match(again.stderr, /'large\.txt' was changed since its put was interrupted/)
  const [id = ''] = again.stdout.split('  ')
  t.ok((await api.content(id)).bytes.equals(other))
  t.ok(
    relay.seen.some(({ path }) => path.endsWith('/cancel')),
    'the former is given up',
  )
})

t.test('a change that hides behind size and time is found by the digests', async (t) => {
  const { here, relay } = await setUp(t)
  const path = join(here.folder, 'large.txt')
  utimesSync(path, 1_700_000_000, 1_700_000_000)
  relay.fate = (seen) => (isComplete(seen) ? 'hold' : 'pass')
  const first = here.start(...args)
  await until('the completion', () => relay.seen.some(isComplete))
  first.kill('SIGKILL')
  await first.ended
  const other = Buffer.from(content).fill('x', 0, 5)
  writeFileSync(path, other)
  utimesSync(path, 1_700_000_000, 1_700_000_000)
  const position = await lastPosition()
  relay.fate = () => 'pass'
  const again = await here.start(...args).ended
  t.equal(again.code, 0, again.stderr)
  t.equal(await partsTaken(position), 1, 'only the part that is another')
  const [id = ''] = again.stdout.split('  ')
  t.ok((await api.content(id)).bytes.equals(other))
})

t.test('where only the answer to the completion was lost, it is done', async (t) => {
  const { here, relay } = await setUp(t)
  relay.fate = (seen) => (isComplete(seen) ? 'lose answer' : 'pass')
  const first = here.start(...args, '--retries', '0')
  const { code, stderr } = await first.ended
  t.equal(code, 1)
  t.match(stderr, /'large\.txt' is not put: The connection to 'http:.*' failed/)
  relay.fate = () => 'pass'
  const position = await lastPosition()
  const again = await here.start(...args).ended
  t.equal(again.code, 0, again.stderr)
  t.same(await doneSince(position), [], 'nothing happens')
  t.equal((await api.get(again.stdout.split('  ')[0] ?? '')).status, 200)
})

t.test('answers that are lost on the way make no part twice', async (t) => {
  const { here, relay } = await setUp(t)
  const position = await lastPosition()
  const lost = new Set<string>()
  let n = 0
  relay.fate = (seen) => {
    const name = isPart(seen) ? `part ${++n}` : seen.path
    if (lost.size >= 5 || lost.has(name) || seen.method !== 'POST') return 'pass'
    lost.add(name)
    return isPart(seen) || isComplete(seen) ? 'lose answer' : 'pass'
  }
  const { code, stdout, stderr } = await here.start(...args).ended
  t.equal(code, 0, stderr)
  t.equal(await partsTaken(position), parts)
  t.ok((await api.content(stdout.split('  ')[0] ?? '')).bytes.equals(content))
})

t.test('an upload whose creation was not answered is the one that goes on', async (t) => {
  const { here, relay } = await setUp(t)
  const position = await lastPosition()
  relay.fate = ({ path }) => (path === '/v1/uploads' ? 'lose answer' : 'pass')
  t.equal((await here.start(...args, '--retries', '0').ended).code, 1)
  relay.fate = () => 'pass'
  const again = await here.start(...args).ended
  t.equal(again.code, 0, again.stderr)
  const created = (await readEvents(dataDir)).filter(
    ({ record }) => record.type === 'UploadCreated' && record.position > position,
  )
  t.equal(created.length, 1)
})

t.test('a form whose answer is lost makes one file', async (t) => {
  const { here, relay } = await setUp(t)
  const name = 'of-one-form.txt'
  let n = 0
  relay.fate = () => (++n === 1 ? 'lose answer' : 'pass')
  const put = await here.files('put', 'large.txt', '--name', name)
  t.equal(put.code, 0, put.stderr)
  const found = (await api.listAll()).filter(({ filename }) => filename === name)
  t.strictSame(
    found.map(({ id }) => `${id}  large.txt\n`),
    [put.stdout],
  )
})

t.test('connections that break in the middle of a part are made again', async (t) => {
  const { here, relay } = await setUp(t)
  let n = 0
  relay.fate = (seen) =>
    isPart(seen) && ++n % 3 === 0 ? { cutRequestAfter: 5 * KiB } : 'pass'
  const { code, stdout, stderr } = await here.start(...args).ended
  t.equal(code, 0, stderr)
  t.ok((await api.content(stdout.split('  ')[0] ?? '')).bytes.equals(content))
})

t.test('a file that is changed while it is sent is not stored', async (t) => {
  const { here, relay } = await setUp(t)
  let n = 0
  relay.fate = (seen) => {
    if (isPart(seen) && ++n === 3) here.write('large.txt', Buffer.from(content).fill('y'))
    return 'pass'
  }
  const { code, stderr } = await here.start(...args).ended
  t.equal(code, 1)
  t.match(stderr, /'large\.txt' was changed while it was sent: nothing of it is kept/)
  t.notOk(relay.seen.some(isComplete))
  t.ok(relay.seen.at(-1)?.path.endsWith('/cancel'))
  t.strictSame(saved(here), [])
})

t.test('what arrives otherwise than it was sent is sent again', async (t) => {
  const { here, relay } = await setUp(t)
  const position = await lastPosition()
  let n = 0
  relay.fate = (seen) => (isPart(seen) && ++n === 3 ? 'damage request' : 'pass')
  const first = await here.start(...args).ended
  t.equal(first.code, 1)
  t.match(first.stderr, /Part \d of 'large\.txt' did not arrive as it was sent/)
  const again = await here.start(...args).ended
  t.equal(again.code, 0, again.stderr)
  t.equal(await partsTaken(position), parts + 1)
  t.ok((await api.content(again.stdout.split('  ')[0] ?? '')).bytes.equals(content))

  relay.fate = () => 'damage request'
  const form = await here.start('files', 'put', 'large.txt').ended
  t.equal(form.code, 1)
  t.match(form.stderr, /400 digest_mismatch/)
})

t.test('a connection on which nothing moves is given up', async (t) => {
  const { here, relay } = await setUp(t)
  let n = 0
  relay.fate = (seen) => (isPart(seen) && ++n === 2 ? 'hold' : 'pass')
  const { code, stderr } = await here.start(...args, '--timeout', '1').ended
  t.equal(code, 0, stderr)
})

t.test('two puts of one file at once: the second is told', async (t) => {
  const { here, relay } = await setUp(t)
  relay.fate = (seen) => (isPart(seen) ? 'hold' : 'pass')
  const first = here.start(...args)
  await until('a part', () => relay.seen.some(isPart))
  const second = await here.start(...args).ended
  t.equal(second.code, 1)
  t.match(second.stderr, /Another process is at work with 'large\.txt'/)
  first.kill('SIGKILL')
  await first.ended
})

t.test('without a state folder a put works, and says what it cannot', async (t) => {
  const relay = await startRelay(t, server.address)
  const here = desk(t, {
    ...{ CUSTODY_URL: relay.address, CUSTODY_API_KEY: apiKey },
    XDG_STATE_HOME: '/dev/null',
  })
  here.write('large.txt', content)
  const { code, stderr } = await here.start(...args).ended
  t.equal(code, 0, stderr)
  t.match(stderr, /^custody: what is interrupted cannot be resumed: /)
})
