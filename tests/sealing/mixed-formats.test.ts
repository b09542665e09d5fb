import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, storedBlobs, until } from '@custody/testkit'
import t from 'tap'
import { database, folder, MiB, objectOf, put, sealed, text } from './sealed-server.ts'

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

t.test('an erasure destroys the keys of inline content and of objects', async (t) => {
  const server = await startServer(t, { env: sealed })
  const ids = [await put(server, text(1000)), await put(server, text(2 * MiB))]
  const keysLeft = () => {
    const db = database(server.dataDir)
    const row = db.prepare('select count(*) as n from wrapped_keys').get()
    db.close()
    return row?.n
  }
  t.equal(keysLeft(), 2)
  for (const id of ids) {
    const { status, text } = await server.api.call('POST', `/v1/files/${id}/erase`)
    t.equal(status, 200, text)
  }
  t.equal(keysLeft(), 0, 'at once')
})
