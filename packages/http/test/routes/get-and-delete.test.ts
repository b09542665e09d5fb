import t from 'tap'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { foreignKey, startServer } from '../support/start-server.ts'
import { storeFile } from '../support/store-file.ts'

t.test('a file is found by its id in either form, and shown in one', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server)
  const [{ id: uuid } = { id: '' }] = await server.stored()
  t.equal(id, `file-${uuid.replaceAll('-', '')}`)
  for (const form of [id, uuid]) {
    t.match(await readJson(await server.fetch(`/v1/files/${form}`)), {
      id,
      object: 'file',
    })
  }
})

t.test('a deleted file is gone: from get, content, delete', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server)
  const remove = () => server.fetch(`/v1/files/${id}`, { method: 'DELETE' })
  t.same(await readJson(await remove()), { id, object: 'file', deleted: true })
  for (const response of [
    await server.fetch(`/v1/files/${id}`),
    await server.fetch(`/v1/files/${id}/content`),
    await remove(),
  ]) {
    t.match(await readError(response), {
      status: 404,
      message: `No such File object: ${id}`,
      param: 'id',
      code: null,
    })
  }
})

t.test(
  'what never was, what is no id, and what is another project’s get one answer',
  async (t) => {
    const server = await startServer(t)
    const foreign = await storeFile(server)
    const headers = { authorization: `Bearer ${await foreignKey(server)}` }
    for (const id of [
      foreign,
      `file-${'0'.repeat(32)}`,
      'file-abc123',
      'FILE-123',
      '..%2Fetc',
      '%E0%A4%A',
      '__proto__',
      'file-%00',
    ]) {
      const response = await server.fetch(`/v1/files/${id}`, { headers })
      t.match(await readError(response), {
        status: 404,
        message: /^No such File object: /,
        type: 'invalid_request_error',
        param: 'id',
        code: null,
      })
    }
  },
)

t.test('HEAD of a file answers the head alone', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server)
  const response = await server.fetch(`/v1/files/${id}`, { method: 'HEAD' })
  t.equal(response.status, 200)
  t.equal(await response.text(), '')
})
