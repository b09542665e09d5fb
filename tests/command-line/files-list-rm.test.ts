import { custody, startServer } from '@custody/testkit'
import t from 'tap'
import { desk } from './support/start-command.ts'
import { startRelay } from './support/start-relay.ts'

const server = await startServer(t)
const { api, apiKey, dataDir } = server
const relay = await startRelay(t, server.address)
const here = desk(t, { CUSTODY_URL: relay.address, CUSTODY_API_KEY: apiKey })

const put = async (filename: string, purpose = 'user_data') =>
  (await api.upload({ purpose, filename, content: `${filename}\n` })).json()

t.test('a list of a server is the list of its data folder', async (t) => {
  const first = await put('1.txt')
  const second = await put('数据.txt')
  await put('3.jsonl', 'evals')
  const idsOf = async (...args: string[]) => {
    const asked = await here.files('list', ...args, '--json')
    const offline = ['files', 'list', '--data-dir', dataDir, ...args, '--json']
    const read = await custody(offline, { dataDir: '/nowhere' })
    t.strictSame([asked.code, read.code], [0, 0], asked.stderr + read.stderr)
    const ids = (lines: string) =>
      [...lines.matchAll(/^\{"id":"([^"]+)"/gm)].map(([, id]) => id)
    t.strictSame(ids(asked.stdout), ids(read.stdout), args.join(' '))
    return ids(asked.stdout)
  }
  t.equal((await idsOf()).length, 3)
  t.strictSame(await idsOf('--purpose', 'user_data'), [second.id, first.id])
  t.strictSame(await idsOf('--order', 'asc', '--limit', '2'), [first.id, second.id])
  t.strictSame(await idsOf('--after', second.id), [first.id])
})

t.test('a table has a line for each file', async (t) => {
  const { stdout } = await here.files('list', '--order', 'asc', '--limit', '2', '--long')
  const [heads, ...rows] = stdout.trimEnd().split('\n')
  t.match(heads, /^ID +PURPOSE +BYTES +CREATED +EXPIRES +NAME +STATUS +METADATA$/)
  t.equal(rows.length, 2)
  t.match(
    rows[1],
    /^file-[0-9a-f]{32} {2}user_data +11 +\d{4}-\S+Z +- +数据\.txt +processed +-$/,
  )
})

t.test('a list of a folder needs no server, also of another project', async (t) => {
  const { id, api: other } = await server.createProject()
  const upload = { purpose: 'user_data', filename: 'other.txt', content: 'a' }
  const file = (await other.upload(upload)).json()
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
  const args = ['files', 'list', '--project', id, '--json']
  const { code, stdout } = await custody(args, { dataDir, env })
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { id: file.id, filename: 'other.txt' })
  const both = await here.files('list', '--url', relay.address, '--project', id)
  t.equal(both.code, 2)
  t.match(both.stderr, /--url asks a server; --data-dir and --project are for/)
})

t.test('each id is told whether it is deleted', async (t) => {
  const [one, two] = [await put('one.txt'), await put('two.txt')]
  const args = ['rm', one.id, 'file-none', two.id, one.id, '--yes']
  const { code, lines, stderr } = await here.files(...args, '--json')
  t.equal(code, 1)
  const byId = new Map(lines().map((line) => [line.id, line]))
  t.equal(byId.size, 3)
  t.match(byId.get(one.id), { deleted: true })
  t.match(byId.get(two.id), { deleted: true })
  t.match(byId.get('file-none'), { deleted: false, error: { status: 404 } })
  t.match(stderr, /'file-none' is not deleted: No such File object: file-none \(404 from/)
  t.equal((await api.get(one.id)).status, 404)
})

t.test('where nobody can be asked, only --yes deletes', async (t) => {
  const { id } = await put('kept.txt')
  const { code, stderr } = await here.files('rm', id)
  t.equal(code, 2)
  t.match(stderr, /--yes deletes without a question/)
  t.equal((await api.get(id)).status, 200)
})

t.test('a deletion whose answer was lost is done', async (t) => {
  const { id } = await put('lost.txt')
  let isFirst = true
  relay.fate = () => {
    const fate = isFirst ? 'lose answer' : 'pass'
    isFirst = false
    return fate
  }
  const { code, stdout, stderr } = await here.files('rm', id, '--yes')
  t.strictSame([code, stdout], [0, `${id} is deleted\n`], stderr)
  relay.fate = () => 'pass'
})

t.test('a held file is not asked for again and again', async (t) => {
  const { id } = await put('held.txt')
  await api.call('POST', `/v1/files/${id}/holds`, { body: { name: 'case' } })
  const before = relay.seen.length
  const { code, stderr } = await here.files('rm', id, '-y')
  t.equal(code, 1)
  t.match(stderr, /409 file_held/)
  t.equal(relay.seen.length, before + 1)
})
