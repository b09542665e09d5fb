import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { multipart, startServer, storedBlobs, until } from '@custody/testkit'
import t from 'tap'
import { readFileOf, type Unzstd } from './plain-reader.ts'
import { database, folder, MiB, put, sealed, text } from './sealed-server.ts'

const hasZstd = !spawnSync('zstd', ['--version']).error
const zstd: Unzstd = (input) =>
  spawnSync('zstd', ['-d', '-c'], { input, maxBuffer: 2 ** 26 }).stdout

const contents = {
  'sealed-box+zstd': text(30_000),
  'sealed-box': randomBytes(30_000),
  'sealed-stream+zstd': text(3 * MiB + 123),
  'sealed-stream': randomBytes(3 * MiB + 123),
}

t.test('a stranger reads every content by the page on the formats alone', async (t) => {
  const dataDir = folder(t)
  // As it comes: sealing is on.
  const server = await startServer(t, { dataDir })
  const files = new Map<string, Buffer>()
  for (const content of Object.values(contents)) {
    files.set(await put(server, content), content)
  }
  const parts = [randomBytes(70_000), text(MiB), randomBytes(10)]
  const whole = Buffer.concat(parts)
  const post = (path: string, body: object) =>
    server.api.call('POST', `/v1/uploads${path}`, { body })
  const declared = { purpose: 'user_data', filename: 'a', mime_type: 'a/b' }
  const { id } = (await post('', { ...declared, bytes: whole.length })).json()
  const partIds: string[] = []
  for (const content of parts) {
    const form = multipart([{ name: 'data', filename: 'upload', content }])
    partIds.push((await post(`/${id}/parts`, form)).json().id)
  }
  const done = await post(`/${id}/complete`, { part_ids: partIds })
  files.set(done.json<{ file: { id: string } }>().file.id, whole)
  await server.stop()

  const plain = await startServer(t, { dataDir, env: { CUSTODY_SEAL: 'off' } })
  for (const content of [text(100), text(2 * MiB)]) {
    files.set(await put(plain, content), content)
  }
  t.equal((await plain.custody('keys', 'rotate-master')).code, 0)
  await plain.stop()

  const db = database(dataDir)
  t.teardown(() => db.close())
  const formats = db.prepare('select distinct format from extents').all()
  t.same(
    formats.map(({ format }) => format).toSorted(),
    ['plain', ...Object.keys(contents)].toSorted(),
  )
  for (const [file, content] of files) {
    const hex = file.replace('file-', '')
    t.ok(readFileOf(dataDir, db, hex).equals(content), `${content.length} bytes`)
    if (hasZstd) t.ok(readFileOf(dataDir, db, hex, zstd).equals(content), 'by zstd -d')
  }
})

t.test('blobs from a backup bring nothing back that was deleted since', async (t) => {
  const dataDir = folder(t)
  const server = await startServer(t, { dataDir, env: sealed })
  const kept = await put(server, text(2 * MiB))
  const gone = await put(server, randomBytes(2 * MiB))
  const backup = join(folder(t), 'blobs')
  cpSync(join(dataDir, 'blobs'), backup, { recursive: true })
  await server.api.delete(gone)
  await until('the end of the garbage', () => storedBlobs(dataDir).length === 1)
  await server.stop()
  rmSync(join(dataDir, 'blobs'), { recursive: true })
  cpSync(backup, join(dataDir, 'blobs'), { recursive: true })

  const db = database(dataDir)
  t.teardown(() => db.close())
  const read = (id: string) => readFileOf(dataDir, db, id.replace('file-', ''))
  t.ok(read(kept).equals(text(2 * MiB)))
  t.throws(() => read(gone), /no row/)
  t.equal(storedBlobs(dataDir).length, 2, 'its bytes are there')
  t.same(
    db.prepare('select count(*) as n from wrapped_keys').get()?.n,
    1,
    'and no key of them',
  )
  const after = await startServer(t, { dataDir, env: sealed })
  t.equal((await after.api.content(gone)).status, 404)
  t.ok((await after.api.content(kept)).bytes.equals(text(2 * MiB)))
})
