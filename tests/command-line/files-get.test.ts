import { createHash } from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { startServer, until } from '@custody/testkit'
import t, { type Test } from 'tap'
import { type Desk, desk } from './support/start-command.ts'
import { type Relay, type Seen, startRelay } from './support/start-relay.ts'

const server = await startServer(t)
const { api, apiKey } = server

const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, n) => (n * n) % 253))
const sha256 = createHash('sha256').update(content).digest('hex')
const upload = { purpose: 'user_data', filename: '数据.txt', content }
const { id } = (await api.upload(upload)).json()

const isContent = ({ path }: Seen) => path.endsWith('/content')

async function setUp(t: Test): Promise<{ here: Desk; relay: Relay }> {
  const relay = await startRelay(t, server.address)
  const here = desk(t, { CUSTODY_URL: relay.address, CUSTODY_API_KEY: apiKey })
  return { here, relay }
}

const read = ({ folder }: Desk, name: string) => readFileSync(join(folder, name))

t.test('a file comes under its name, or as --out says', async (t) => {
  const { here } = await setUp(t)
  const plain = await here.files('get', id)
  t.strictSame([plain.code, plain.stdout], [0, '数据.txt\n'], plain.stderr)
  t.ok(read(here, '数据.txt').equals(content))

  here.write('folder/other.txt', '')
  const into = await here.files('get', id, '--out', 'folder', '--json')
  const path = join('folder', '数据.txt')
  t.strictSame(into.lines(), [
    { id, path, bytes: content.length, sha256, verified: true },
  ])
  t.ok(read(here, path).equals(content))

  const named = await here.files('get', id, '-o', 'named')
  t.equal(named.code, 0, named.stderr)
  t.ok(read(here, 'named').equals(content))
  t.strictSame(readdirSync(here.folder).sort(), ['folder', 'named', '数据.txt'])
})

t.test('what is there is replaced by force only', async (t) => {
  const { here } = await setUp(t)
  here.write('a', 'mine')
  symlinkSync('a', join(here.folder, 'link'))
  const { code, stderr } = await here.files('get', id, '-o', 'a')
  t.equal(code, 1)
  t.match(stderr, /'a' is there already: --force replaces it/)
  t.equal(read(here, 'a').toString(), 'mine')
  const forced = await here.files('get', id, '-o', 'link', '--force')
  t.equal(forced.code, 0, forced.stderr)
  t.ok(read(here, 'a').equals(content))
  t.strictSame(readdirSync(here.folder).sort(), ['a', 'link'])
})

t.test('no force replaces a device', async (t) => {
  const { here } = await setUp(t)
  symlinkSync('/dev/null', join(here.folder, 'link'))
  const { code, stderr } = await here.files('get', id, '-o', 'link', '--force')
  t.equal(code, 1)
  t.match(stderr, /'link' is there, and is no file that can be replaced/)
})

t.test('a range goes to a file or to standard output', async (t) => {
  const { here, relay } = await setUp(t)
  relay.fate = (seen) => (isContent(seen) ? 'pass' : { status: 500 })
  const some = await here.files('get', id, '--range', '100-199', '-o', 'some')
  t.equal(some.code, 0, some.stderr)
  t.ok(read(here, 'some').equals(content.subarray(100, 200)))
  const last = await here.files('get', id, '--range', '-5', '-o', '-')
  t.equal(last.code, 0, last.stderr)
  t.equal(last.stdout, content.subarray(-5).toString())
  const beyond = await here.files('get', id, '--range', '1500000-', '-o', '-')
  t.strictSame([beyond.code, beyond.stdout], [1, ''])
  t.match(beyond.stderr, /416 range_not_satisfiable/)
  const wrong = await here.files('get', id, '--range', '1-2')
  t.equal(wrong.code, 2)
})

t.test('where the connection breaks, only the rest is asked for', async (t) => {
  for (const out of ['file', '-']) {
    const { here, relay } = await setUp(t)
    let cuts = 0
    relay.fate = (seen) =>
      isContent(seen) && ++cuts <= 2 ? { cutAnswerAfter: 400_000 } : 'pass'
    const { code, stderr } = await here.files('get', id, '-o', out)
    t.equal(code, 0, stderr)
    const [first, ...others] = relay.seen.filter(isContent)
    t.equal(first?.headers.range, undefined)
    t.equal(others.length, 2)
    for (const { headers } of others) {
      t.match(headers.range, /^bytes=[1-9]\d+-1499999$/)
      t.equal(headers['if-range'], `"${sha256}"`)
    }
    if (out === 'file') t.ok(read(here, out).equals(content))
  }
})

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  t.test(`${signal} leaves no half file, and the same command goes on`, async (t) => {
    const { here, relay } = await setUp(t)
    relay.fate = (seen) => (isContent(seen) ? 'stall' : 'pass')
    const first = here.start('files', 'get', id)
    const partial = await until('some bytes', () =>
      readdirSync(here.folder).find(
        (name) => name.startsWith('.custody-') && read(here, name).length > 0,
      ),
    )
    first.kill(signal)
    t.equal((await first.ended).code, signal === 'SIGINT' ? 130 : null)
    t.notOk(existsSync(join(here.folder, '数据.txt')))
    const came = read(here, partial).length

    relay.fate = () => 'pass'
    const again = await here.files('get', id)
    t.equal(again.code, 0, again.stderr)
    t.ok(read(here, '数据.txt').equals(content))
    t.equal(
      relay.seen.filter(isContent).at(-1)?.headers.range,
      `bytes=${came}-1499999`,
      'only the rest is asked for',
    )
    t.strictSame(readdirSync(here.folder), ['数据.txt'])
  })
}

t.test('what was changed while it waited is fetched again', async (t) => {
  const { here, relay } = await setUp(t)
  relay.fate = (seen) => (isContent(seen) ? 'stall' : 'pass')
  const first = here.start('files', 'get', id)
  const partial = await until('some bytes', () =>
    readdirSync(here.folder).find(
      (name) => name.startsWith('.custody-') && read(here, name).length > 0,
    ),
  )
  first.kill('SIGKILL')
  await first.ended
  writeFileSync(join(here.folder, partial), read(here, partial).fill(1, 0, 1))
  relay.fate = () => 'pass'
  const again = await here.files('get', id)
  t.equal(again.code, 0, again.stderr)
  t.ok(read(here, '数据.txt').equals(content))
})

t.test('content with another digest than the server says is not kept', async (t) => {
  const { here, relay } = await setUp(t)
  relay.fate = (seen) => (isContent(seen) ? 'damage answer' : 'pass')
  const { code, stderr } = await here.files('get', id)
  t.equal(code, 1)
  t.match(stderr, new RegExp(`and the server says that the content has ${sha256}`))
  t.strictSame(readdirSync(here.folder), [])
  const streamed = await here.files('get', id, '-o', '-')
  t.equal(streamed.code, 1, 'a pipe is told at its end')
})

t.test('a name that a server says stays in the folder', async (t) => {
  const { here, relay } = await setUp(t)
  const filename = '../../\u001b[2Jevil.txt'
  relay.fate = (seen) => ({
    status: 200,
    ...(isContent(seen)
      ? { body: 'evil' }
      : { body: JSON.stringify({ id: 'some-id', filename }) }),
  })
  here.write('below/kept', '')
  const { code, stdout, stderr } = await here.files('get', 'some-id', '-o', 'below')
  t.equal(code, 0, stderr)
  t.strictSame(readdirSync(here.folder), ['below'])
  t.strictSame(readdirSync(join(here.folder, 'below')).sort(), ['_[2Jevil.txt', 'kept'])
  t.equal(stdout, `${join('below', '_[2Jevil.txt')}\n`)
})

t.test('two files of one name do not become one', async (t) => {
  const { here } = await setUp(t)
  const other = { purpose: 'user_data', filename: '数据.txt', content: 'other' }
  const { id: second } = (await api.upload(other)).json()
  const { code, stdout, stderr } = await here.files('get', id, second, '--force')
  t.equal(code, 1)
  t.equal(stdout, '数据.txt\n')
  t.match(stderr, /'数据\.txt' is the name of another of these files/)
})

t.test('a file that is not there is told, and the others come', async (t) => {
  const { here } = await setUp(t)
  const { code, lines, stderr } = await here.files('get', 'file-none', id, '..', '--json')
  t.equal(code, 1)
  const byId = new Map(lines().map((line) => [line.id, line]))
  t.match(byId.get('file-none')?.error, { status: 404, param: 'id' })
  t.match(byId.get(id), { verified: true })
  t.match(stderr, /'\.\.' is no id of a file/)
})
