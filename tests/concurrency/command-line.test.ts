import { custody, startServer, temporaryFolder } from '@custody/testkit'
import t from 'tap'

const json = (lines: string): Record<string, unknown>[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** What the commands do, whoever answers them. Resolves to the key that was made. */
async function administer(
  t: Tap,
  run: (...args: string[]) => ReturnType<typeof custody>,
): Promise<{ key: string; keyId: string; project: string }> {
  const created = await run('projects', 'create', 'Team A')
  t.equal(created.code, 0, created.stderr)
  const project = created.stdout.trim()
  t.match(project, /^proj_[0-9a-f]+$/)
  const projects = json((await run('projects', 'list', '--json')).stdout)
  t.match(projects, [
    { id: 'default' },
    { id: project, name: 'Team A', status: 'active' },
  ])

  const made = await run('keys', 'create', 'uploader', '--project', project)
  t.equal(made.code, 0, made.stderr)
  const key = made.stdout.trim()
  t.match(key, /^sk-custody-/)
  const listed = await run('keys', 'list', '--project', project, '--json')
  const keys = json(listed.stdout)
  t.equal(keys.length, 1)
  t.match(keys[0], {
    owner: { service_account: { name: 'uploader' } },
    scopes: ['api.files.read', 'api.files.write', 'api.audit.read'],
  })
  t.notMatch(listed.stdout, key, 'its value is not told again')
  return { key, keyId: String(keys[0]?.id), project }
}

type Tap = Pick<typeof t, 'equal' | 'match' | 'notMatch'>

t.test('beside a running server', async (t) => {
  const server = await startServer(t)
  const { key, keyId, project } = await administer(t, server.custody)
  const api = server.as(key)
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const file = (await api.upload(upload)).json()

  const files = await server.custody('files', 'list', '--project', project, '--json')
  t.match(json(files.stdout), [{ id: file.id, filename: 'a.txt', bytes: 5 }])
  const shown = await server.custody('audit', 'show', file.id)
  t.equal(shown.code, 0)
  t.match(shown.stdout, /FileUploaded {2}position \d+, by key:key_/)
  const replay = await server.custody('audit', 'replay')
  t.equal(replay.code, 0)
  t.match(replay.stdout, /^OK: the index is what the log says, after \d+ events\n$/)

  const revoked = await server.custody('keys', 'revoke', keyId, '--project', project)
  t.equal(revoked.code, 0, revoked.stderr)
  t.equal((await api.get(file.id)).status, 401, 'the key stops at once')
  const again = await server.custody('keys', 'revoke', keyId, '--project', project)
  t.equal(again.code, 1)
  t.equal(again.stderr, `custody: No such API Key object: ${keyId}\n`)

  const consumers = await server.custody('consumers', 'list')
  t.equal(consumers.code, 0, consumers.stderr)
  t.match(consumers.stdout, /^NAME +STATE +POSITION/)

  t.test('a file that never was is exit code 1', async (t) => {
    const { code, stderr } = await server.custody('audit', 'show', 'file-nonsense')
    t.equal(code, 1)
    t.match(stderr, /file-nonsense/)
  })

  t.test('its port stops the start of another with a sentence', async (t) => {
    const { port } = new URL(server.address)
    const dataDir = temporaryFolder(t)
    const { code, stderr } = await custody(['serve', '--port', port], { dataDir })
    t.equal(code, 1)
    t.match(
      stderr,
      /^custody: Custody cannot listen on '127\.0\.0\.1:\d+': another process/m,
    )
  })
})

t.test('without a server', async (t) => {
  const dataDir = temporaryFolder(t)
  const run = (...args: string[]) => custody(args, { dataDir })
  const { key, keyId, project } = await administer(t, run)

  const server = await startServer(t, { dataDir })
  const api = server.as(key)
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const file = (await api.upload(upload)).json()
  await server.stop()

  const files = await run('files', 'list', '--project', project, '--json')
  t.match(json(files.stdout), [{ id: file.id, filename: 'a.txt', bytes: 5 }])
  t.match((await run('audit', 'show', file.id)).stdout, /FileUploaded/)
  t.equal((await run('keys', 'revoke', keyId, '--project', project)).code, 0)
  const replayed = await run('audit', 'replay')
  t.equal(replayed.code, 0)

  // The settings of the server are not there: its key stays good, and nothing is said of it
  const env = { CUSTODY_API_KEY: undefined }
  const listed = await custody(['keys', 'list'], { dataDir, env })
  t.equal(listed.code, 0, listed.stderr)
  t.match(listed.stdout, /Configuration/)

  const again = await startServer(t, { dataDir })
  t.equal((await run('audit', 'replay')).stdout, replayed.stdout)
  t.equal((await again.as(key).get(file.id)).status, 401)
  t.equal((await again.api.list()).data.length, 0, "the configuration's key is as it was")
})

t.test(
  'after a server that was killed, whose address another one has then',
  async (t) => {
    const killed = await startServer(t)
    await killed.kill()
    const later = await killed.custody('projects', 'create', 'Later')
    t.equal(later.code, 0, later.stderr)
    t.match(later.stdout, /^proj_/)
    const { port } = new URL(killed.address)
    const other = await startServer(t, { env: { CUSTODY_PORT: port } })
    t.equal(other.address, killed.address)
    const { code, stderr } = await killed.custody('projects', 'create', 'Not elsewhere')
    t.equal(code, 0, stderr)
    t.notMatch((await other.custody('projects', 'list')).stdout, 'Not elsewhere')
    t.match((await killed.custody('projects', 'list')).stdout, 'Not elsewhere')
  },
)

t.test('wrong usage is exit code 2, with what is right', async (t) => {
  const dataDir = temporaryFolder(t)
  for (const args of [['nonsense'], ['keys', 'create'], ['serve', '--nonsense']]) {
    const { code, stderr } = await custody(args, { dataDir })
    t.equal(code, 2, args.join(' '))
    t.match(stderr, /error: /)
  }
})
