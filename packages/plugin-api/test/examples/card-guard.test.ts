import { once } from 'node:events'
import { createServer } from 'node:http'
import { check, react } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from './card-guard.ts'

t.test('refuses a card number, and says where it is', async (t) => {
  const name = 'a.txt'
  const verdict = await check(plugin, 'hello\nno 4111 1111 1111 1111\n', { name })
  t.match(verdict, { ok: false, issues: [{ code: 'card_number', line: 2, column: 4 }] })
})

t.test('accepts what has none, and what is no text', async (t) => {
  t.ok((await check(plugin, '1234\n', { name: 'a.txt' })).ok)
  t.ok((await check(plugin, Uint8Array.of(0xff), { name: 'a.png' })).ok)
})

t.test('tells of a deletion, again if it was not understood', async (t) => {
  let status = 500
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString())
    response.writeHead(status, { connection: 'close' }).end()
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') return t.fail('no port')
  const options = { url: `http://127.0.0.1:${address.port}/` }
  const event = { type: 'FileDeleted', position: '7', file: { id: 'f' } } as const
  t.same(await react(plugin, event, { options }), { retryAfter: 60 })
  status = 204
  t.equal(await react(plugin, event, { options }), undefined)
  t.same(bodies, ['{"id":"f","position":"7"}', '{"id":"f","position":"7"}'])
})
