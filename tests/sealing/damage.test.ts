import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { startServer, type TestServer } from '@custody/testkit'
import t from 'tap'
import {
  database,
  eventsOf,
  flip,
  folder,
  MiB,
  objectOf,
  put,
  readUntilCut,
  scrub,
  sealed,
  text,
} from './sealed-server.ts'

// It reads and writes much: what is slow beside others is not wrong.
t.setTimeout(120_000)

/** Puts the stored bytes back, and has the server look at them again. */
async function mend(server: TestServer, path: string, stored: Uint8Array) {
  writeFileSync(path, stored)
  return await scrub(server)
}

async function isRefused(server: TestServer, id: string): Promise<boolean> {
  const answer = await server.api.content(id)
  return answer.status === 500 && answer.error().code === 'content_damaged'
}

t.test('a flipped bit in any segment sends no wrong byte', async (t) => {
  const server = await startServer(t, { env: sealed })
  const content = randomBytes(4 * MiB + 1000)
  const id = await put(server, content)
  const path = objectOf(server.dataDir)
  const stored = readFileSync(path)
  for (let segment = 0; segment < 5; segment += 1) {
    const at = segment * MiB + 100
    const start = segment * MiB
    const range = `bytes=${start}-${Math.min(start + 999_000, content.length - 1)}`

    writeFileSync(path, flip(stored, at))
    if (segment === 0) t.ok(await isRefused(server, id), 'the first one: 500')
    else {
      const before = await server.api.content(id, { range: 'bytes=0-99999' })
      t.ok(before.bytes.equals(content.subarray(0, 100_000)), 'a range before it')
      const got = await readUntilCut(server, id)
      t.equal(got.status, 200)
      t.ok(got.isCut, 'the connection was cut')
      t.ok(
        got.bytes.length < at && content.subarray(0, got.bytes.length).equals(got.bytes),
      )
    }
    const last = (await eventsOf(server, id)).at(-1)
    t.match(last, { type: 'custody.file.damaged', actor: 'system:read' })
    t.match(last?.data, { segment, found_by: 'read' })
    for (const asked of [{}, { range: 'bytes=0-99' }, { range }]) {
      const answer = await server.api.content(id, asked)
      t.equal(answer.status, 500, `from then on: ${asked.range}`)
      t.equal(answer.error().code, 'content_damaged')
    }
    t.match(await mend(server, path, stored), { damaged: [], repaired: [{ file: id }] })
    t.ok((await server.api.content(id)).bytes.equals(content), 'mended')

    writeFileSync(path, flip(stored, at))
    t.equal((await server.api.content(id, { range })).status, 500, 'a range of it')
    await mend(server, path, stored)
  }
  t.equal((await eventsOf(server, id)).length, 21, 'each time is said once')
  truncateSync(path, 2 * MiB)
  const cut = await readUntilCut(server, id)
  t.ok(cut.isCut && content.subarray(0, cut.bytes.length).equals(cut.bytes), 'truncated')
  t.ok(await isRefused(server, id), 'and from then on')
  await mend(server, path, stored)
  renameSync(path, `${path}.away`)
  t.ok(await isRefused(server, id), 'missing')
  t.match((await eventsOf(server, id)).at(-1), {
    type: 'custody.file.damaged',
    data: { segment: null },
  })
  renameSync(`${path}.away`, path)
  t.ok(await isRefused(server, id), 'until it is read again')
  t.equal((await server.api.delete(id)).status, 200, 'it can be deleted')
})

t.test('what was found damaged stays so over a restart and a rebuild', async (t) => {
  const dataDir = folder(t)
  let server = await startServer(t, { dataDir, env: sealed })
  const id = await put(server, randomBytes(200_000))
  const path = objectOf(dataDir)
  const stored = readFileSync(path)
  writeFileSync(path, flip(stored, 5000))
  t.ok(await isRefused(server, id))
  t.equal((await server.api.get(id)).json().status, 'error', 'its metadata says so')
  writeFileSync(path, stored)
  await server.kill()
  server = await startServer(t, { dataDir, env: sealed })
  t.ok(await isRefused(server, id))
  t.match((await eventsOf(server, id)).at(-1)?.type, 'custody.file.damaged')
  const replayed = await server.custody('audit', 'replay')
  t.equal(replayed.code, 0, replayed.stdout)
  await scrub(server)
  t.equal((await server.api.content(id)).status, 200)
  t.equal((await server.api.get(id)).json().status, 'processed')
})

t.test(
  'a damaged seek table, box, key or stored length is content_damaged',
  async (t) => {
    const dataDir = folder(t)
    let server = await startServer(t, { dataDir, env: sealed })
    const large = await put(server, text(3 * MiB))
    const small = await put(server, text(3000))
    const keyless = await put(server, text(3000))
    const path = objectOf(dataDir)
    const stored = readFileSync(path)
    writeFileSync(path, flip(stored, stored.length - 20))
    const measureless = await put(server, randomBytes(100_000))
    await server.stop()
    const db = database(dataDir)
    const boxes = db
      .prepare(`select id, content from extents where place = 'inline' order by id`)
      .all()
    const box = flip(Buffer.from(boxes[0]?.content as Uint8Array), 5)
    db.prepare('update extents set content = ? where id = ?').run(
      box,
      String(boxes[0]?.id),
    )
    db.prepare('delete from wrapped_keys where extent = ?').run(String(boxes[1]?.id))
    // More than a number holds.
    db.exec(
      'update extents set stored_bytes = stored_bytes + (1 << 63) where stored_bytes > 1e5',
    )
    db.close()
    server = await startServer(t, { dataDir, env: sealed })
    for (const id of [large, small, keyless, measureless]) {
      t.ok(await isRefused(server, id))
      t.ok(await isRefused(server, id), 'and from then on')
      t.match((await eventsOf(server, id)).at(-1)?.type, 'custody.file.damaged')
    }
  },
)

t.test(
  'without sealing, what is read as a whole is compared with its digest',
  async (t) => {
    const dataDir = folder(t)
    const env = { CUSTODY_SEAL: 'off' }
    let server = await startServer(t, { dataDir, env })
    const content = randomBytes(3 * MiB + 1000)
    const large = await put(server, content)
    const inline = await put(server, text(3000))
    const path = objectOf(dataDir)
    const stored = readFileSync(path)
    for (const at of [10, MiB + 10, content.length - 1]) {
      writeFileSync(path, flip(stored, at))
      const got = await readUntilCut(server, large)
      t.ok(got.isCut && got.bytes.length < content.length, 'cut before its end')
      t.ok(await isRefused(server, large), 'and from then on')
      t.equal((await server.api.content(large, { range: 'bytes=0-9' })).status, 500)
      t.match(await mend(server, path, stored), { repaired: [{ file: large }] })
      t.ok((await server.api.content(large)).bytes.equals(content), 'mended')
    }
    const range = await server.api.content(large, { range: 'bytes=100-' })
    t.ok(range.bytes.equals(content.subarray(100)))
    await server.stop()
    const db = database(dataDir)
    const changed = flip(text(3000), 7)
    db.prepare(`update extents set content = ? where place = 'inline'`).run(changed)
    db.close()
    server = await startServer(t, { dataDir, env })
    t.ok(await isRefused(server, inline), 'no byte of what is inline')
    t.match((await eventsOf(server, inline)).at(-1), {
      type: 'custody.file.damaged',
      data: { segment: null, found_by: 'read' },
    })
  },
)

t.test('a part of a file that is damaged refuses the file', async (t) => {
  const server = await startServer(t, { env: sealed })
  const { api } = server
  const parts = [randomBytes(300_000), randomBytes(1000), randomBytes(200_000)]
  const created = await api.call('POST', '/v1/uploads', {
    body: {
      purpose: 'user_data',
      filename: 'a.bin',
      mime_type: 'application/octet-stream',
      bytes: 501_000,
    },
  })
  const upload = created.json<{ id: string }>().id
  const ids: string[] = []
  for (const part of parts) {
    const form = new FormData()
    form.set('data', new Blob([part]))
    const answer = await fetch(`${server.address}/v1/uploads/${upload}/parts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}` },
      body: form,
    })
    ids.push(((await answer.json()) as { id: string }).id)
  }
  const completed = await api.call('POST', `/v1/uploads/${upload}/complete`, {
    body: { part_ids: ids },
  })
  const { file } = completed.json<{ file: { id: string } }>()
  const db = database(server.dataDir)
  const row = db.prepare(`select id from extents where stored_bytes < 2000`).get()
  db.exec(`update extents set content = zeroblob(length(content)) where place = 'inline'`)
  db.close()
  t.ok(await isRefused(server, file.id), 'no byte, though another part is damaged')
  t.ok(await isRefused(server, file.id), 'and from then on')
  t.match((await eventsOf(server, file.id)).at(-1), {
    type: 'custody.file.damaged',
    data: { extent: row?.id },
  })
})
