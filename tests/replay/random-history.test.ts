import {
  type ApiClient,
  gapsOf,
  readEvents,
  startServer,
  type TestProject,
  type TestServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'
import { createRandom, type Random } from '../crash/random.ts'

const line =
  '{"custom_id":"1","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}\n'

/** Everything that a history is to hold, so that a random one cannot miss it unnoticed. */
const types = [
  'ApiKeyCreated',
  'ApiKeyRevoked',
  'ContentDestroyed',
  'FileDeleted',
  'FileExpired',
  'FileUploaded',
  'LogCreated',
  'LogKeyAdded',
  'PrivateDataErased',
  'ProjectArchived',
  'ProjectCreated',
  'ProjectUpdated',
  'ServiceAccountCreated',
  'ServiceAccountDeleted',
  'ServiceAccountUpdated',
]

class History {
  readonly #server: TestServer
  readonly #random: Random
  readonly #projects: TestProject[] = []
  readonly #files: { api: ApiClient; id: string }[] = []

  constructor(server: TestServer, random: Random) {
    this.#server = server
    this.#random = random
  }

  /** One of everything that is rare. */
  async begin(): Promise<void> {
    const limits = { purposes: { evals: { default_expiry_seconds: 1 } } }
    const one = await this.#server.createProject({ limits })
    const upload = { purpose: 'evals', filename: 'a.bin', content: 'Hello' }
    await one.api.upload(upload)
    await one.api.delete((await one.api.upload(upload)).json().id)
    const path = `/projects/${one.id}`
    await this.#organization('POST', path, { name: 'Other' })
    await this.#organization('DELETE', `${path}/api_keys/${one.keyId}`)
    const account = `${path}/service_accounts/${one.accountId}`
    await this.#organization('POST', account, { name: 'other' })
    await this.#organization('DELETE', account)
    await this.#organization('POST', `${path}/archive`)
  }

  async step(): Promise<void> {
    const random = this.#random
    const steps: [share: number, step: () => Promise<unknown>][] = [
      [0.06, () => this.#createProject()],
      [0.06, () => this.#changeProject()],
      [0.06, () => this.#changeKeys()],
      [0.25, () => this.#delete()],
      [1, () => this.#upload()],
    ]
    for (const [share, step] of steps)
      if (random.chance(share)) return void (await step())
  }

  async #createProject() {
    const seconds = { default_expiry_seconds: this.#random.integer(1, 2) }
    const limits = this.#random.chance(0.7) ? { purposes: { evals: seconds } } : {}
    this.#projects.push(await this.#server.createProject({ limits }))
  }

  async #changeProject() {
    const project = this.#random.pick(this.#projects)
    if (!project) return
    const path = `/projects/${project.id}`
    const random = this.#random
    if (random.chance(0.2)) await this.#organization('POST', `${path}/archive`)
    else if (random.chance(0.5)) await this.#organization('POST', path, { name: 'Other' })
    else await this.#organization('POST', path, { limits: { quota_bytes: 300_000 } })
  }

  async #changeKeys() {
    const project = this.#random.pick(this.#projects)
    if (!project) return
    const path = `/projects/${project.id}`
    const accounts = `${path}/service_accounts`
    const random = this.#random
    const one = `${accounts}/${project.accountId}`
    switch (random.integer(0, 4)) {
      case 0:
        return await this.#organization('DELETE', one)
      case 1:
        return await this.#organization('DELETE', `${path}/api_keys/${project.keyId}`)
      case 2:
        return await this.#organization('POST', `${one}/api_keys`, {})
      default:
        return await this.#organization('POST', accounts, { name: 'other' })
    }
  }

  async #upload() {
    const random = this.#random
    const own = random.pick(this.#projects.slice(-4))
    const { api } = random.chance(0.7) && own ? own : this.#server
    const purpose =
      random.pick(['user_data', 'evals', 'evals', 'batch', 'nonsense']) ?? ''
    const isBatch = purpose === 'batch'
    const size = random.chance(0.2)
      ? random.integer(66_000, 200_000)
      : random.integer(0, 4000)
    const answer = await api.upload({
      purpose,
      filename: isBatch ? 'a.jsonl' : 'a.bin',
      content: isBatch ? line : random.bytes(size),
      fields: random.chance(0.3) ? [['metadata', '{"k":"v"}']] : [],
    })
    if (answer.status === 200) this.#files.push({ api, id: answer.json().id })
  }

  async #delete() {
    const file = this.#random.pick(this.#files)
    if (file) await file.api.delete(file.id)
  }

  /** A refusal is part of a history, a failure is not. */
  async #organization(method: string, path: string, body?: object) {
    const { status, text } = await this.#server.admin.call(
      method,
      `/v1/organization${path}`,
      body && { body },
    )
    if (status >= 500) throw new Error(`${method} ${path}: ${status} ${text}`)
  }
}

t.test('after a random history the index is what the log says', async (t) => {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const dataDir = temporaryFolder(t)
  for (let round = 0; round < 4; round += 1) {
    // Another key is an event, and the former stops.
    const env = { CUSTODY_API_KEY: `sk-custody-test-key-of-round-${round}` }
    const server = await startServer(t, { dataDir, env })
    const history = new History(server, random)
    const client = async () => {
      for (let n = 0; n < 40; n += 1) await history.step()
    }
    if (round === 0) await history.begin()
    await Promise.all([client(), client(), client(), client()])
    const beside = await server.custodyHere('audit', 'replay')
    t.equal(beside.code, 0, beside.stdout)

    if (round % 2 === 0) await server.kill()
    else t.equal(await server.stop(), 0)
    const after = await server.custodyHere('audit', 'replay')
    t.equal(after.code, 0, after.stdout)
  }
  const server = await startServer(t, { dataDir })
  const events = await until('everything that a history holds', async () => {
    const found = await readEvents(dataDir)
    return (
      types.every((type) => found.some(({ record }) => record.type === type)) && found
    )
  })
  t.same([...new Set(events.map(({ record }) => record.type))].sort(), types)
  t.same(gapsOf(events), [])
  const last = await server.custody('audit', 'replay')
  t.equal(last.code, 0, last.stdout)
  t.comment(`${events.length} events`)
})
