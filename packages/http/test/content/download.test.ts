import { createHash, randomBytes } from 'node:crypto'
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { readError } from '../support/read-error.ts'
import { startServer, type TestServer } from '../support/start-server.ts'
import { storeFile } from '../support/store-file.ts'

const KiB = 1024

for (const [size, bytes] of Object.entries({ small: 1 * KiB, large: 900 * KiB + 1 })) {
  t.test(`a ${size} content comes back byte for byte, with its headers`, async (t) => {
    const server = await startServer(t)
    const content = randomBytes(bytes)
    const id = await storeFile(server, { content, filename: 'Grüße 100%.txt' })
    const headers = { accept: 'application/binary' }
    const response = await server.fetch(`/v1/files/${id}/content`, { headers })
    t.equal(response.status, 200)
    t.ok(Buffer.from(await response.arrayBuffer()).equals(content))
    const sha256 = createHash('sha256').update(content)
    const hex = sha256.copy().digest('hex')
    const expected = {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
      'content-disposition':
        'attachment; filename="Gr__e 100_.txt"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe%20100%25.txt',
      'x-content-type-options': 'nosniff',
      etag: `"${hex}"`,
      'repr-digest': `sha-256=:${sha256.digest('base64')}:`,
      'accept-ranges': 'bytes',
    }
    for (const [name, value] of Object.entries(expected)) {
      t.equal(response.headers.get(name), value)
    }
    const head = await server.fetch(`/v1/files/${id}/content`, { method: 'HEAD' })
    t.equal(head.status, 200)
    t.equal(await head.text(), '')
    t.equal(head.headers.get('content-length'), String(bytes))
    t.equal(head.headers.get('etag'), `"${hex}"`)
  })
}

for (const [wish, expected] of Object.entries({
  'sha-256=10': true,
  'sha-512=10, sha-256=1;q=0': true,
  'sha-256=0, sha-256=3': true,
  'sha-512=7': true,
  'sha-256=0': false,
  'sha-512=3, sha-256=0 ;a=1': false,
  'sha-256=3, sha-256=0': false,
  'sha-256=11': true,
  'sha-256=0, ?': true,
  '': true,
})) {
  const answer = expected ? 'is answered with the digest' : 'leaves the digest out'
  t.test(`Want-Repr-Digest: ${wish} ${answer}`, async (t) => {
    const server = await startServer(t)
    const id = await storeFile(server, { content: Buffer.from('Hello') })
    const digest = createHash('sha256').update('Hello').digest('base64')
    const path = `/v1/files/${id}/content`
    const etag = (await server.fetch(path)).headers.get('etag') ?? ''
    for (const [init, status] of [
      [{}, 200],
      [{ method: 'HEAD' }, 200],
      [{ headers: { range: 'bytes=0-1' } }, 206],
      [{ headers: { 'if-none-match': etag } }, 304],
    ] as const) {
      const headers = { ...('headers' in init && init.headers), 'want-repr-digest': wish }
      const response = await server.fetch(path, { ...init, headers })
      await response.arrayBuffer()
      t.equal(response.status, status)
      const shown = expected ? `sha-256=:${digest}:` : null
      t.equal(response.headers.get('repr-digest'), shown)
    }
  })
}

t.test('quotes and apostrophes in a name are safe in both of its forms', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server, { filename: `it's %22so%22 (1)*.txt` })
  const response = await server.fetch(`/v1/files/${id}/content`)
  t.equal(
    response.headers.get('content-disposition'),
    `attachment; filename="it's _so_ (1)*.txt"; filename*=UTF-8''it%27s%20%22so%22%20%281%29%2A.txt`,
  )
})

t.test('a content that is lost is refused with a status', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server, { content: Buffer.alloc(200 * KiB) })
  await rm(await lastObject(server))
  const response = await server.fetch(`/v1/files/${id}/content`)
  t.match(await readError(response), { status: 500, code: 'content_damaged' })
})

t.test('a damage that shows later breaks the connection', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server, { content: Buffer.alloc(900 * KiB) })
  const object = await open(await lastObject(server), 'r+')
  await object.write('x', 800 * KiB)
  await object.close()
  const response = await server.fetch(`/v1/files/${id}/content`)
  t.equal(response.status, 200)
  await t.rejects(response.arrayBuffer())
  t.equal(server.errors.length, 1)
})

t.test('no more is read than the client takes', async (t) => {
  const server = await startServer(t)
  const bytes = 32 * KiB * KiB
  const id = await storeFile(server, { content: Buffer.alloc(bytes) })
  const client = await RawConnection.open(server.url)
  client.socket.pause()
  client.send(
    `GET /v1/files/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.key}\r\n\r\n`,
  )
  let before = -1
  while (server.files.readBytes !== before || before === 0) {
    before = server.files.readBytes
    await sleep(50)
  }
  t.ok(before < bytes, `${before} of ${bytes} bytes were read`)
  client.destroy()
})

/** Where the object lies that was stored last: the names of objects begin with their time. */
async function lastObject({ folder }: TestServer): Promise<string> {
  const blobs = join(folder, 'blobs')
  const found = await readdir(blobs, { recursive: true, withFileTypes: true })
  const objects = found.filter((entry) => entry.isFile())
  const last = objects.toSorted((a, b) => (a.name < b.name ? -1 : 1)).at(-1)
  if (last === undefined) throw new Error('There is no object')
  return join(last.parentPath, last.name)
}
