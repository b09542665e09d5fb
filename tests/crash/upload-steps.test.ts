import { createHash, randomBytes } from 'node:crypto'
import {
  type ApiClient,
  clientForms,
  type Form,
  multipart,
  RawConnection,
  requestHead,
  spawnServer,
  stagedFiles,
  sweepDataFolder,
  type TestServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'

const KiB = 1024

/** A request that makes something, of which the server has had some bytes when it is killed. */
type Step = {
  readonly what: string
  readonly path: string
  readonly body: Form
  readonly sent: number
}

const noise = (bytes: number) => randomBytes(bytes)

function fileSteps(size: string, content: Buffer): Step[] {
  const body = clientForms['openai-node with a stream']({
    purpose: 'user_data',
    filename: `${size}.bin`,
    content,
  })
  const whole = Buffer.from(body.body).length
  const begin = Buffer.from(body.body).indexOf(content.subarray(0, 16))
  const places = {
    'only its head': 0,
    'half of the first part’s head': Math.floor(begin / 2),
    'not one byte of the file': begin,
    'some bytes of the file': begin + 10,
    'half of the file': begin + Math.floor(content.length / 2),
    'the file, and not the fields after it': begin + content.length,
    'all but its last byte': whole - 1,
    'all of it': whole,
  }
  return Object.entries(places).map(([place, sent]) => ({
    what: `a ${size} file, ${place}`,
    path: '/v1/files',
    body: { ...body, chunked: false },
    sent,
  }))
}

async function send(server: TestServer, { what, path, body, sent }: Step) {
  const connection = await RawConnection.open(server.address)
  const bytes = Buffer.from(body.body)
  connection.send(
    requestHead(
      `POST ${path}`,
      `Authorization: Bearer ${server.apiKey}`,
      `Content-Type: ${body.contentType}`,
      `Content-Length: ${bytes.length}`,
      `Idempotency-Key: ${keyOf(what)}`,
    ),
    bytes.subarray(0, sent),
  )
}

const keyOf = (what: string) => createHash('sha256').update(what).digest('hex')

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function digestsOf(api: ApiClient): Promise<string[]> {
  const files = await api.listAll()
  const contents = await Promise.all(files.map(({ id }) => api.content(id)))
  return contents.map(({ bytes }) => sha256(bytes)).toSorted()
}

t.test('kill -9 at every step of an upload: sent again, there is one file', async (t) => {
  const dataDir = temporaryFolder(t)
  let server = await spawnServer({ dataDir })
  t.teardown(() => server.kill())
  const post = (path: string, body: object, headers = {}) =>
    server.api.call('POST', path, { body, headers })

  const [small, large, inParts] = [noise(20 * KiB), noise(900 * KiB), noise(300 * KiB)]
  const forms = [...fileSteps('small', small), ...fileSteps('large', large)]
  // Uploads in parts: one at each of its steps.
  const half = inParts.length / 2
  const halves = [inParts.subarray(0, half), inParts.subarray(half)]
  const formOf = (content: Buffer) =>
    multipart([{ name: 'data', filename: 'upload', content }])
  const declared = {
    purpose: 'user_data',
    filename: 'parts.bin',
    bytes: inParts.length,
    mime_type: 'a/b',
  }
  const uploads: { id: string; part: string; step: Step | undefined }[] = []
  for (const sent of [0, 0.5, 1, 'complete'] as const) {
    const { id } = (await post('/v1/uploads', declared)).json()
    const path = `/v1/uploads/${id}`
    const part = (await post(`${path}/parts`, formOf(halves[0] ?? inParts))).json().id
    const body = formOf(halves[1] ?? inParts)
    const length = Buffer.from(body.body).length
    let step: Step | undefined
    if (sent === 'complete') {
      const last = (await post(`${path}/parts`, body)).json().id
      const json = JSON.stringify({ part_ids: [part, last] })
      step = {
        what: `the completion of ${id}`,
        path: `${path}/complete`,
        body: { contentType: 'application/json', body: Buffer.from(json) },
        sent: json.length,
      }
    } else {
      const what = `a part of ${id}`
      step = { what, path: `${path}/parts`, body, sent: Math.floor(length * sent) }
    }
    uploads.push({ id, part, step })
  }

  const steps = [...forms, ...uploads.flatMap(({ step }) => step ?? [])]
  const isWhole = ({ body, sent }: Step) => sent === Buffer.from(body.body).length
  await Promise.all(steps.filter((one) => !isWhole(one)).map((one) => send(server, one)))
  await until('the large ones are staged', () => stagedFiles(dataDir).length >= 3)
  await Promise.all(steps.filter(isWhole).map((one) => send(server, one)))
  await server.kill()

  server = await spawnServer({ dataDir })
  t.same(stagedFiles(dataDir), [], 'what was staged is gone')
  const before = await digestsOf(server.api)
  for (const digest of before) {
    t.ok([small, large, inParts].map(sha256).includes(digest), 'no file is half of one')
  }
  for (const { what, path, body } of forms) {
    const answer = await post(path, body, { 'idempotency-key': keyOf(what) })
    t.equal(answer.status, 200, what)
  }
  for (const { id, part, step } of uploads) {
    if (!step) continue
    const headers = { 'idempotency-key': keyOf(step.what) }
    const again = await post(step.path, step.body, headers)
    t.equal(again.status, 200, step.what)
    if (step.path.endsWith('/complete')) continue
    const body = { part_ids: [part, again.json().id] }
    const done = await post(`/v1/uploads/${id}/complete`, body)
    t.equal(done.status, 200, step.what)
  }
  t.same(
    await digestsOf(server.api),
    [
      ...forms.map(({ what }) => sha256(what.includes('small') ? small : large)),
      ...uploads.map(() => sha256(inParts)),
    ].toSorted(),
  )
  t.equal((await server.custody('audit', 'replay')).code, 0)
  await server.stop()
  t.same((await sweepDataFolder(dataDir)).missing, [])
  t.same((await sweepDataFolder(dataDir)).orphans, [])
})
