import { once } from 'node:events'
import t from 'tap'
import { startServer } from '../../support/start-server.ts'
import { storeFile } from '../../support/store-file.ts'

const query = 'purpose=user_data&created_before=4000000000'

t.test('ids are told in the form of the dialect', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server)
  const answer = await server.fetch(`/v1/files?${query}`, { method: 'DELETE' })
  t.same(await answer.json(), {
    object: 'file.bulk_deletion',
    dry_run: true,
    matched: 1,
    deleted: 0,
    held: 0,
    ids: [id],
    has_more: false,
  })
})

t.test('a client that goes away stops the deletion', async (t) => {
  const server = await startServer(t)
  for (let count = 0; count < 3; count += 1) await storeFile(server)
  const began = Promise.withResolvers<AbortSignal>()
  const ended = Promise.withResolvers<unknown>()
  const gate = Promise.withResolvers<void>()
  const { files, fetch } = server
  const { deleteMany } = files
  files.deleteMany = async (principal, query, options) => {
    began.resolve(options.signal)
    await gate.promise
    const deletion = deleteMany(principal, query, options)
    deletion.then(ended.resolve, ended.resolve)
    return await deletion
  }
  const client = new AbortController()
  const asked = fetch(`/v1/files?${query}&dry_run=false`, {
    method: 'DELETE',
    signal: client.signal,
  })
  const signal = await began.promise
  t.notOk(signal.aborted)
  const told = once(signal, 'abort')
  client.abort()
  await t.rejects(asked, { name: 'AbortError' })
  await told
  gate.resolve()
  t.type(await ended.promise, Error)
  t.equal((await server.stored()).length, 3)
})
