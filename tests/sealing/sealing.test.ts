import { createHash, randomBytes } from 'node:crypto'
import {
  copyFileSync,
  globSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  custody,
  makeTemporaryFolder,
  removeFolder,
  startServer,
  storedBlobs,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'

const MiB = 2 ** 20
const sealed = { CUSTODY_SEAL: 'compress+encrypt' }

const text = (
  bytes: number,
  line = 'a line that is in no other file, again and again\n',
) => Buffer.alloc(bytes, line)

type Server = Awaited<ReturnType<typeof startServer>>

async function put({ api }: Server, content: Uint8Array): Promise<string> {
  const answer = await api.upload({
    purpose: 'user_data',
    filename: 'a.bin',
    content: Buffer.from(content),
  })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json().id
}

function database(dataDir: string): DatabaseSync {
  return new DatabaseSync(join(dataDir, 'custody.db'))
}

function folder(t: Test): string {
  const dataDir = makeTemporaryFolder()
  t.teardown(() => removeFolder(dataDir))
  return dataDir
}

/** The one stored object of a data folder. */
function objectOf(dataDir: string): string {
  const [path, ...others] = globSync('blobs/*/*', { cwd: dataDir })
  if (path === undefined || others.length > 0) throw new Error('not one object')
  return join(dataDir, path)
}

t.test(
  'content comes back whole and in parts, with the digests of what was sent',
  async (t) => {
    for (const mode of ['compress+encrypt', 'encrypt']) {
      const server = await startServer(t, { env: { CUSTODY_SEAL: mode } })
      for (const content of [
        text(100),
        text(5 * MiB + 123),
        randomBytes(5 * MiB + 123),
        randomBytes(65_536),
        randomBytes(65_537),
      ]) {
        const id = await put(server, content)
        const whole = await server.api.content(id)
        t.equal(whole.status, 200)
        t.ok(whole.bytes.equals(content), `${content.length} bytes`)
        const sha256 = createHash('sha256').update(content).digest()
        t.equal(whole.headers.get('etag'), `"${sha256.toString('hex')}"`)
        t.equal(
          whole.headers.get('repr-digest'),
          `sha-256=:${sha256.toString('base64')}:`,
        )
        const end = content.length - 1
        for (const [first, last] of [
          [0, 0],
          [1, 50],
          [end - 50, end - 1],
          [Math.floor(end / 2), end],
        ] as const) {
          const part = await server.api.content(id, { range: `bytes=${first}-${last}` })
          t.equal(part.status, 206)
          t.ok(part.bytes.equals(content.subarray(first, last + 1)), `${first}-${last}`)
        }
      }
    }
  },
)

t.test(
  'nothing in the data folder is plain, nor after a crash in the middle of an upload',
  async (t) => {
    const server = await startServer(t, { env: sealed })
    const marker = `marker ${randomBytes(12).toString('hex')} `
    await put(server, text(3000, marker))
    await put(server, text(3 * MiB, marker))
    const controller = new AbortController()
    const parts = text(8 * MiB, marker)
    const body = new ReadableStream({
      start(stream) {
        const head =
          '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n' +
          '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        stream.enqueue(Buffer.from(head))
        for (let at = 0; at < parts.length; at += MiB) {
          stream.enqueue(parts.subarray(at, at + MiB))
        }
      },
    })
    const upload = fetch(`${server.address}/v1/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.apiKey}`,
        'content-type': 'multipart/form-data; boundary=b',
      },
      body,
      duplex: 'half',
      signal: controller.signal,
    }).catch(() => undefined)
    await until('a staging file', () =>
      readdirSync(join(server.dataDir, 'staging')).length > 0 ? true : undefined,
    )
    await server.kill()
    controller.abort()
    await upload
    let looked = 0
    for (const entry of readdirSync(server.dataDir, {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile()) continue
      looked += 1
      const path = join(entry.parentPath, entry.name)
      t.notOk(readFileSync(path).includes(marker.trim()), entry.name)
    }
    t.ok(looked >= 4, 'the database, an object and a staging file at least')
  },
)

t.test('what was stored before sealing, and after it, is read as ever', async (t) => {
  const dataDir = folder(t)
  const contents: [string, Buffer][] = []
  for (const mode of ['off', 'compress+encrypt', 'off', 'encrypt']) {
    const server = await startServer(t, { dataDir, env: { CUSTODY_SEAL: mode } })
    for (const content of [text(1000), text(2 * MiB), randomBytes(MiB)]) {
      contents.push([await put(server, content), content])
    }
    for (const [id, content] of contents) {
      t.ok((await server.api.content(id)).bytes.equals(content))
    }
    await server.stop()
  }
  const db = database(dataDir)
  const formats = db.prepare('select distinct format from extents order by 1').all()
  t.same(
    formats.map(({ format }) => format),
    ['plain', 'sealed-box', 'sealed-box+zstd', 'sealed-stream', 'sealed-stream+zstd'],
  )
  const sealedRows = db.prepare(
    `select count(*) as n from extents where format <> 'plain' and id not in (select extent from wrapped_keys)`,
  )
  t.equal(sealedRows.get()?.n, 0, 'each sealed extent has its key')
  db.close()
})

t.test('plugins see what was sent, not what is stored', async (t) => {
  const server = await startServer(t, { env: sealed })
  const line = (n: number) =>
    JSON.stringify({
      custom_id: `request-${n}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(200) }] },
    })
  for (const lines of [3, 20_000]) {
    const good = `${[...Array(lines).keys()].map(line).join('\n')}\n`
    const form = { purpose: 'batch', filename: 'a.jsonl' }
    const accepted = await server.api.upload({ ...form, content: Buffer.from(good) })
    t.equal(accepted.status, 200, accepted.text.slice(0, 300))
    const bad = await server.api.upload({
      ...form,
      content: Buffer.from(`${good}{"x":\n`),
    })
    t.equal(bad.status, 400)
    t.match(bad.error().message, new RegExp(`Line ${lines + 1}\\b`))
  }
})

t.test('a flipped bit in any segment sends no wrong byte', async (t) => {
  const server = await startServer(t, { env: sealed })
  const content = randomBytes(4 * MiB + 1000)
  const id = await put(server, content)
  const path = objectOf(server.dataDir)
  const stored = readFileSync(path)
  for (let segment = 0; segment < 5; segment += 1) {
    const flipped = Buffer.from(stored)
    const at = segment * MiB + 100
    flipped[at] = (flipped[at] ?? 0) ^ 16
    writeFileSync(path, flipped)
    if (segment === 0) {
      const answer = await server.api.content(id)
      t.equal(answer.status, 500)
      t.equal(answer.error().code, 'content_damaged')
    } else {
      const got = await readUntilCut(server, id)
      t.equal(got.status, 200)
      t.ok(got.isCut, 'the connection was cut')
      t.ok(
        got.bytes.length < at && content.subarray(0, got.bytes.length).equals(got.bytes),
      )
    }
    const start = segment * MiB
    const range = `bytes=${start}-${Math.min(start + 999_000, content.length - 1)}`
    t.equal((await server.api.content(id, { range })).status, 500, 'a range of it')
    if (segment > 0) {
      const before = await server.api.content(id, { range: 'bytes=0-99999' })
      t.ok(before.bytes.equals(content.subarray(0, 100_000)), 'a range before it')
    }
  }
  writeFileSync(path, stored)
  t.ok((await server.api.content(id)).bytes.equals(content), 'mended')
  truncateSync(path, 2 * MiB)
  const cut = await readUntilCut(server, id)
  t.ok(cut.isCut && content.subarray(0, cut.bytes.length).equals(cut.bytes), 'truncated')
})

t.test('a damaged seek table, box or key is content_damaged', async (t) => {
  const dataDir = folder(t)
  let server = await startServer(t, { dataDir, env: sealed })
  const large = await put(server, text(3 * MiB))
  const small = await put(server, text(3000))
  const keyless = await put(server, text(3000))
  const path = objectOf(dataDir)
  const stored = readFileSync(path)
  stored[stored.length - 20] = (stored[stored.length - 20] ?? 0) ^ 1
  writeFileSync(path, stored)
  await server.stop()
  const db = database(dataDir)
  const boxes = db
    .prepare(`select id, content from extents where place = 'inline' order by id`)
    .all()
  const box = Buffer.from(boxes[0]?.content as Uint8Array)
  box[5] = (box[5] ?? 0) ^ 1
  db.prepare('update extents set content = ? where id = ?').run(box, String(boxes[0]?.id))
  db.prepare('delete from wrapped_keys where extent = ?').run(String(boxes[1]?.id))
  db.close()
  server = await startServer(t, { dataDir, env: sealed })
  for (const id of [large, small, keyless]) {
    const answer = await server.api.content(id)
    t.equal(answer.status, 500)
    t.equal(answer.error().code, 'content_damaged')
  }
})

t.test(
  'deleting a file destroys its key: a copy of the object brings nothing back',
  async (t) => {
    const server = await startServer(t, { env: sealed })
    const id = await put(server, text(2 * MiB))
    const path = objectOf(server.dataDir)
    const kept = join(server.dataDir, 'kept')
    copyFileSync(path, kept)
    await server.api.delete(id)
    await until('the object is gone', () =>
      storedBlobs(server.dataDir).length === 0 ? true : undefined,
    )
    const keysLeft = () => {
      const db = database(server.dataDir)
      const row = db.prepare('select count(*) as n from wrapped_keys').get()
      db.close()
      return row?.n
    }
    await until('its key is gone', () => (keysLeft() === 0 ? true : undefined))
    t.equal(keysLeft(), 0)
  },
)

t.test(
  'a master key that was lost or changed stops the start, and nothing is overwritten',
  async (t) => {
    const dataDir = folder(t)
    const path = join(dataDir, 'secrets', 'master-key')
    const first = await startServer(t, { dataDir, env: sealed })
    const id = await put(first, text(1000))
    await first.stop()
    const key = readFileSync(path, 'utf8')
    const serve = (env: Record<string, string>) =>
      custody(['serve'], { dataDir, env: { ...sealed, ...env } })

    rmSync(path)
    const lost = await serve({})
    t.equal(lost.code, 1)
    t.match(
      lost.stderr,
      /The master key is not there: .*master-key has none, and content of this deployment is sealed under mk_[0-9a-f]{16}\./,
    )
    t.notOk(readdirSync(join(dataDir, 'secrets')).includes('master-key'), 'none was made')
    const off = await serve({ CUSTODY_SEAL: 'off' })
    t.equal(off.code, 1, 'without sealing too: the content is sealed all the same')

    const other = `${randomBytes(32).toString('base64')}\n`
    writeFileSync(path, other, { mode: 0o600 })
    const wrong = await serve({})
    t.equal(wrong.code, 1)
    t.match(
      wrong.stderr,
      /The master key is another one: .* has mk_[0-9a-f]{16}, and content/,
    )
    t.equal(readFileSync(path, 'utf8'), other)

    writeFileSync(path, 'cut short\n')
    t.match((await serve({})).stderr, /one is 32 bytes in base64, 44 characters/)

    rmSync(path)
    const file = join(folder(t), 'key')
    writeFileSync(file, key)
    for (const given of [key.trim(), file]) {
      const env = { ...sealed, CUSTODY_MASTER_KEY: given }
      const again = await startServer(t, { dataDir, env })
      t.same((await again.api.content(id)).bytes, text(1000))
      await again.stop()
    }
    const mistyped = await serve({ CUSTODY_MASTER_KEY: key.slice(0, 20) })
    t.match(mistyped.stderr, /CUSTODY_MASTER_KEY is neither 32 bytes in base64/)
    t.notMatch(mistyped.stderr, key.slice(0, 20), 'the key is not shown')
  },
)

t.test('without sealing no master key is made', async (t) => {
  const server = await startServer(t, { env: { CUSTODY_SEAL: 'off' } })
  await put(server, text(2 * MiB))
  t.notOk(readdirSync(join(server.dataDir, 'secrets')).includes('master-key'))
  t.ok(readFileSync(objectOf(server.dataDir)).equals(text(2 * MiB)), 'as it was sent')
})

/** Reads what comes of a content until the connection ends, however it does. */
async function readUntilCut(server: Server, id: string) {
  const response = await fetch(`${server.address}/v1/files/${id}/content`, {
    headers: { authorization: `Bearer ${server.apiKey}` },
  })
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
    return { status: response.status, bytes: Buffer.concat(chunks), isCut: false }
  } catch {
    return { status: response.status, bytes: Buffer.concat(chunks), isCut: true }
  }
}
