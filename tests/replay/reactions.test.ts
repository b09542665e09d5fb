import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import {
  type ApiClient,
  custody,
  readEvents,
  startServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'

const plugin = fileURLToPath(new URL('fixtures/counting-plugin.ts', import.meta.url))
const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }

/** A configuration with the plugin, and what the plugin has noted. */
function configure(t: Test) {
  const folder = temporaryFolder(t)
  const journal = join(folder, 'journal')
  const config = join(folder, 'custody.config.json')
  const plugins = ['@custody/plugin-general', { module: plugin, options: { journal } }]
  writeFileSync(config, JSON.stringify({ plugins }))
  const options = { dataDir: join(folder, 'data'), env: { CUSTODY_CONFIG: config } }
  const delivered = (): string[] =>
    existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : []
  return { options, delivered }
}

/** What the log has for the plugin, as the plugin notes it. */
async function expected(dataDir: string): Promise<string[]> {
  const events = await readEvents(dataDir)
  return events
    .map(({ record }) => record)
    .filter(({ type }) => type === 'FileUploaded' || type === 'FileDeleted')
    .map(({ type, stream, project, seq }) =>
      JSON.stringify([type, stream, project, String(seq)]),
    )
}

/** Uploads, and deletes every third. */
async function work(api: ApiClient, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const { id } = (await api.upload(upload)).json()
    if (n % 3 === 0) await api.delete(id)
  }
}

t.test(
  'a plugin gets every event at least once and in order, across kill -9',
  async (t) => {
    const { options, delivered } = configure(t)
    for (const round of [1, 2, 3]) {
      const server = await startServer(t, options)
      const before = delivered().length
      const clients = [1, 2, 3].map(() => work(server.api, 200).catch(() => {}))
      await until('some deliveries', () => delivered().length > before + 20 * round)
      await server.kill()
      await Promise.all(clients)
    }
    const server = await startServer(t, options)
    const all = await expected(server.dataDir)
    const last = all.at(-1) ?? ''
    await until('the last delivery', () => delivered().includes(last))
    t.same([...new Set(delivered())], all, 'first deliveries are all events, in order')
    t.comment(`${all.length} events, ${delivered().length} deliveries`)
  },
)

t.test('a plugin begins where it was first configured', async (t) => {
  const { options, delivered } = configure(t)
  const { dataDir } = options
  const server = await startServer(t, { dataDir })
  await work(server.api, 3)
  await server.stop()
  const again = await startServer(t, options)
  const before = await expected(dataDir)
  await work(again.api, 3)
  const all = await expected(dataDir)
  await until('the deliveries', () => delivered().length === all.length - before.length)
  t.same(delivered(), all.slice(before.length))
})

/** A deployment whose consumer has stopped before a few events. */
async function deployStopped(t: Test) {
  const { options, delivered } = configure(t)
  const { dataDir } = options
  const first = await startServer(t, options)
  await work(first.api, 1)
  await until('the deliveries', () => delivered().length === 2)
  await first.stop()
  // It takes more than eight minutes of failures until a consumer stops by itself.
  stopConsumer(dataDir)
  const server = await startServer(t, options)
  await work(server.api, 4)
  const waiting = (await readEvents(dataDir)).filter(({ record }) =>
    /^File(Uploaded|Deleted)$/.test(record.type),
  )
  const position = waiting[2]?.record.position ?? 0
  return { options, delivered, server, position }
}

t.test('a consumer that has stopped passes over an event by command', async (t) => {
  const { delivered, server, position } = await deployStopped(t)
  const listed = await server.custody('consumers', 'list')
  t.match(listed.stdout, new RegExp(`counting +stopped +\\d+ +${position} +it failed`))
  t.equal(delivered().length, 2, 'nothing is delivered')
  const { json, status } = await server.as().call('GET', '/readyz')
  t.equal(status, 200, 'requests are answered all the same')
  t.same(json<object>(), {
    status: 'ok',
    warnings: ['Consumers that have stopped: 1 (custody consumers list).'],
  })

  const other = await server.custodyHere(
    'consumers',
    'skip',
    'counting',
    `${position + 1}`,
  )
  t.equal(other.code, 1)
  t.match(other.stderr, `stopped at position ${position}`)
  const skipped = await server.custody('consumers', 'skip', 'counting', `${position}`)
  t.equal(skipped.code, 0, skipped.stderr)
  const all = await expected(server.dataDir)
  await until('the deliveries', () => delivered().length === all.length - 1)
  t.same(delivered(), all.toSpliced(2, 1), 'all but the one that was passed over')

  const skips = (await readEvents(server.dataDir)).filter(
    ({ record }) => record.type === 'ConsumerSkipped',
  )
  t.match(skips, [{ record: { data: { consumer: 'counting', position } } }])
  const running = await server.custodyHere('consumers', 'resume', 'counting')
  t.equal(running.code, 1)
  t.match(running.stderr, /is running/)
  const unknown = await server.custodyHere('consumers', 'resume', 'nonsense')
  t.equal(unknown.code, 1)
  t.match(unknown.stderr, /No such consumer: 'nonsense'/)
  const replay = await server.custodyHere('audit', 'replay')
  t.equal(replay.code, 0, replay.stdout)
})

t.test('a consumer that has stopped goes on by command, without a server', async (t) => {
  const { options, delivered, server, position } = await deployStopped(t)
  await server.stop()
  const listed = await custody(['consumers', 'list'], options)
  t.match(listed.stdout, new RegExp(`counting +stopped +\\d+ +${position} +it failed`))
  t.equal((await custody(['consumers', 'resume', 'counting'], options)).code, 0)
  const again = await custody(['consumers', 'list'], options)
  t.match(again.stdout, /counting +running/)
  t.equal(delivered().length, 2, 'a command delivers nothing')

  await startServer(t, options)
  const all = await expected(options.dataDir)
  await until('the deliveries', () => delivered().length === all.length)
  t.same(delivered(), all, 'from the event at which it stopped')
})

function stopConsumer(dataDir: string): void {
  const database = new DatabaseSync(join(dataDir, 'custody.db'))
  database.exec("update consumers set status = 'stopped', error = 'it failed'")
  database.close()
}
