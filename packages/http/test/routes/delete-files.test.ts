import { once } from 'node:events'
import t from 'tap'
import { startServer } from '../support/start-server.ts'
import { storeFile } from '../support/store-file.ts'

const query = 'purpose=batch&created_before=1800000000'

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
  const { files, fetch } = await startServer(t)
  const began = Promise.withResolvers<AbortSignal>()
  files.deleteMany = (_principal, _query, { signal }) => {
    began.resolve(signal)
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
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
  t.ok(signal.aborted)
})
