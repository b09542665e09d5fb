import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setDefaultCACertificates, type TLSSocket } from 'node:tls'
import t from 'tap'
import { type ResolveHost, sendRequest } from '../../src/webhooks/send-request.ts'
import { parseWebhookAllow } from '../../src/webhooks/webhook-allow.ts'
import { startReceiver } from './start-receiver.ts'

const read = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url))
const never = new AbortController().signal

/** A resolver that knows these addresses, the next ones at each question. */
function resolving(...answers: readonly (readonly string[])[]) {
  const asked: string[] = []
  const resolve: ResolveHost = async (hostname) => {
    const addresses = answers[asked.length] ?? []
    asked.push(hostname)
    return addresses.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }))
  }
  return { asked, resolve }
}

const send = (
  url: string,
  resolve: ResolveHost,
  allow: readonly string[] = [],
  signal = never,
  timeoutMs = 5_000,
) =>
  sendRequest(
    { url, headers: { 'x-a': 'b' }, body: '{}' },
    { allow: parseWebhookAllow(allow), resolve, signal, timeoutMs },
  )

/** A server in TLS for `hook.test`, on loopback. */
async function startTls(t: Tap) {
  const requests: { host: string | undefined; servername: unknown; body: string }[] = []
  const server = createServer(
    { key: read('hook.test.key'), cert: read('hook.test.crt') },
    async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { servername } = request.socket as TLSSocket & { servername: unknown }
      const body = Buffer.concat(chunks).toString()
      requests.push({ host: request.headers.host, servername, body })
      response.writeHead(202).end('taken')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { requests, port: (server.address() as AddressInfo).port }
}
type Tap = { teardown(work: () => void): void }

t.test(
  'the connection is made to the address that was checked, in the name of the host',
  async (t) => {
    const { requests, port } = await startTls(t)
    setDefaultCACertificates([read('hook.test.crt').toString()])
    const { asked, resolve } = resolving(['127.0.0.1'])
    t.match(await send(`https://hook.test:${port}/a`, resolve, ['127.0.0.0/8']), {
      statusCode: 202,
    })
    t.same(asked, ['hook.test'], 'the name is resolved once')
    t.same(requests, [{ host: `hook.test:${port}`, servername: 'hook.test', body: '{}' }])

    const other = resolving(['127.0.0.1'])
    t.same(await send(`https://other.test:${port}/`, other.resolve, ['127.0.0.0/8']), {
      error: 'tls_failed',
    })
    t.equal(requests.length, 1, 'a certificate of another name is none')
  },
)

t.test(
  'a host with one private address is not connected to, whichever that is',
  async (t) => {
    const { requests, port } = await startTls(t)
    const url = `https://hook.test:${port}/`
    for (const addresses of [
      ['8.8.8.8', '127.0.0.1'],
      ['127.0.0.1', '8.8.8.8'],
      ['2606:4700::1', '::1'],
      ['::ffff:127.0.0.1'],
      ['64:ff9b::7f00:1'],
      ['0.0.0.0'],
    ]) {
      t.same(await send(url, resolving(addresses).resolve), {
        error: 'address_not_allowed',
      })
    }
    t.same(
      await send(url, resolving(['127.0.0.1', '10.0.0.1']).resolve, ['10.0.0.0/8']),
      {
        error: 'address_not_allowed',
      },
    )
    t.equal(requests.length, 0)
  },
)

t.test('each attempt resolves and checks anew', async (t) => {
  const { requests, port } = await startTls(t)
  setDefaultCACertificates([read('hook.test.crt').toString()])
  const { resolve } = resolving(['127.0.0.1'], ['127.0.0.2'], [])
  const url = `https://hook.test:${port}/`
  const outcomes = [
    await send(url, resolve, ['127.0.0.1']),
    await send(url, resolve, ['127.0.0.1']),
    await send(url, resolve, ['127.0.0.1']),
  ]
  t.match(outcomes, [
    { statusCode: 202 },
    { error: 'address_not_allowed' },
    { error: 'name_not_resolved' },
  ])
  t.equal(requests.length, 1)
})

t.test('a host that was named may have any address', async (t) => {
  const receiver = await startReceiver(t)
  const { resolve } = resolving(['127.0.0.1'], ['127.0.0.1'])
  const url = `http://hook.test:${receiver.port}/`
  t.same(await send(url, resolve), { error: 'url_not_allowed' })
  t.match(await send(url, resolve, [`http://hook.test:${receiver.port}`]), {
    statusCode: 204,
  })
})

t.test('an address in the URL needs no resolver, and is checked', async (t) => {
  const { port } = await startReceiver(t)
  const { asked, resolve } = resolving()
  t.same(await send(`http://127.0.0.1:${port}/`, resolve), { error: 'url_not_allowed' })
  t.match(await send(`http://127.0.0.1:${port}/`, resolve, ['127.0.0.1']), {
    statusCode: 204,
  })
  t.same(asked, [])
})

t.test('a resolver that does not answer counts as the rest of the attempt', async (t) => {
  // What waits for the system's resolver keeps the process alive.
  const alive = setInterval(() => {}, 1_000)
  t.teardown(() => clearInterval(alive))
  const hanging: ResolveHost = () => new Promise(() => {})
  t.same(await send('https://hook.test/', hanging, [], never, 50), { error: 'timeout' })
  const failing: ResolveHost = () => Promise.reject(new Error('SERVFAIL'))
  t.same(await send('https://hook.test/', failing), { error: 'name_not_resolved' })
})

t.test('a receiver that would speak another protocol has answered', async (t) => {
  const receiver = await startReceiver(t)
  receiver.answer((response) => {
    response.writeHead(101, { connection: 'upgrade', upgrade: 'websocket' }).end()
  })
  const { resolve } = resolving()
  t.match(await send(receiver.url, resolve, ['127.0.0.1']), { statusCode: 101 })
})

t.test('who stops gets the reason, not an outcome', async (t) => {
  const receiver = await startReceiver(t)
  receiver.answer(() => {})
  const abort = new AbortController()
  const { resolve } = resolving()
  const sent = send(receiver.url, resolve, ['127.0.0.1'], abort.signal)
  await receiver.arrived(1)
  abort.abort(new Error('it stops'))
  await t.rejects(sent, { message: 'it stops' })
})
