import { randomBytes } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { startServer } from '@custody/testkit'
import t from 'tap'
import {
  database,
  folder,
  MiB,
  objectOf,
  put,
  readUntilCut,
  sealed,
  text,
} from './sealed-server.ts'

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
