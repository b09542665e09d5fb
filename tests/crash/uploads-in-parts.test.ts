import { setTimeout as delay } from 'node:timers/promises'
import {
  type ApiClient,
  type FileObject,
  gapsOf,
  howOften,
  multipart,
  readEvents,
  spawnServer,
  stagedFiles,
  sweepDataFolder,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'
import { createRandom, type Random } from './random.ts'

type UploadObject = {
  readonly id: string
  readonly status: string
  readonly file: FileObject | null
  readonly parts: readonly { readonly id: string }[]
}

/** What answers promised of one upload, and what was asked and not answered. */
type Known = {
  readonly id: string
  readonly contents: readonly Buffer[]
  /** By the place in the file; undefined: no answer yet. */
  readonly parts: (string | undefined)[]
  file: string | undefined
  cancelled: boolean
}

const KiB = 1024
const ROUNDS = howOften(2, 8)
const CLIENTS = 4

function bytesOf({ contents }: Known): Buffer {
  return Buffer.concat(contents)
}

async function create(api: ApiClient, random: Random): Promise<Known> {
  const contents = Array.from({ length: random.integer(1, 4) }, () =>
    random.bytes(
      random.chance(0.5)
        ? random.integer(1, 64 * KiB)
        : random.integer(64 * KiB, 900 * KiB),
    ),
  )
  const bytes = contents.reduce((sum, { length }) => sum + length, 0)
  const body = { filename: 'a', purpose: 'user_data', mime_type: 'a/b', bytes }
  const answer = await api.call('POST', '/v1/uploads', { body })
  const { id } = answer.json<UploadObject>()
  const parts = contents.map(() => undefined)
  return { id, contents, parts, file: undefined, cancelled: false }
}

/** Sends the parts that have no answer, then completes or cancels. */
async function goOn(api: ApiClient, upload: Known, random: Random): Promise<void> {
  const path = `/v1/uploads/${upload.id}`
  await Promise.all(
    upload.contents.map(async (content, n) => {
      if (upload.parts[n] !== undefined) return
      const body = multipart([{ name: 'data', filename: 'upload', content }])
      const answer = await api.call('POST', `${path}/parts`, { body })
      if (answer.status !== 200) throw new Error(`a part: ${answer.text}`)
      upload.parts[n] = answer.json<{ id: string }>().id
    }),
  )
  if (random.chance(0.2)) {
    const answer = await api.call('POST', `${path}/cancel`)
    if (answer.status !== 200) throw new Error(`a cancellation: ${answer.text}`)
    upload.cancelled = true
    return
  }
  const body = { part_ids: upload.parts }
  const answer = await api.call('POST', `${path}/complete`, { body })
  if (answer.status !== 200) throw new Error(`a completion: ${answer.text}`)
  upload.file = answer.json<UploadObject>().file?.id
}

t.test('what was answered of an upload survives kill -9 at any moment', async (t) => {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const dataDir = temporaryFolder(t)
  const known: Known[] = []
  /** Those that may be in the middle of something. */
  let open: Known[] = []

  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await spawnServer({ dataDir })
    const { api } = server
    let isKilled = false
    let answers = 0
    try {
      await check(api)
      const client = async () => {
        while (!isKilled) {
          try {
            const upload = open.pop() ?? (await create(api, random))
            if (!known.includes(upload)) known.push(upload)
            await goOn(api, upload, random)
            answers += 1
          } catch (error) {
            if (!isKilled) t.fail(String(error))
          }
        }
      }
      const clients = Array.from({ length: CLIENTS }, client)
      const enough = random.integer(1, 25)
      await until('the moment of the kill', () => answers >= enough || !t.passing())
      await delay(random.integer(0, 30))
      isKilled = true
      await server.kill()
      await Promise.all(clients)
    } finally {
      await server.kill()
    }
    t.same(gapsOf(await readEvents(dataDir)), [])
    t.comment(`round ${round}: killed after ${answers} uploads`)
  }

  const server = await spawnServer({ dataDir })
  try {
    await check(server.api)
    for (const upload of open) await goOn(server.api, upload, random)
    open = []
    await check(server.api)
    t.same(stagedFiles(dataDir), [])
    const replay = await server.custody('audit', 'replay')
    t.equal(replay.code, 0, replay.stdout)
  } finally {
    t.equal(await server.stop(), 0)
  }
  t.same((await sweepDataFolder(dataDir)).missing, [])
  t.same((await sweepDataFolder(dataDir)).orphans, [])

  /** Compares with what a server says that has just begun; then nothing is in the middle of anything. */
  async function check(api: ApiClient): Promise<void> {
    open = []
    for (const upload of known) {
      const answer = await api.call('GET', `/v1/uploads/${upload.id}`)
      const { status, file, parts } = answer.json<UploadObject>()
      if (upload.file !== undefined) {
        if (file?.id !== upload.file) t.fail(`${upload.id} has not its file`)
      } else if (upload.cancelled) {
        if (status !== 'cancelled') t.fail(`${upload.id} is ${status}`)
      } else if (status === 'completed' || status === 'cancelled') {
        // It was asked for, and the answer got lost.
        upload.file = file?.id
        upload.cancelled = status === 'cancelled'
      } else {
        const there = new Set(parts.map(({ id }) => id))
        const lost = upload.parts.filter((id) => id !== undefined && !there.has(id))
        if (lost.length > 0) t.fail(`${upload.id} has lost ${lost}`)
        open.push(upload)
      }
      if (upload.file === undefined) continue
      const { bytes } = await api.content(upload.file)
      if (!bytes.equals(bytesOf(upload))) t.fail(`${upload.file} has other bytes`)
    }
    t.pass(`${known.length} uploads are what they were`)
  }
})
