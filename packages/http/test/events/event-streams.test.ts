import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { HttpOptions } from '../../src/index.ts'
import { LiveHistory } from '../support/live-history.ts'
import { RawClient } from '../support/raw-client.ts'
import { startServer } from '../support/start-server.ts'

const head =
  'GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-test-audit\r\n' +
  'Accept: text/event-stream\r\n\r\n'

async function startStreams(t: Test, options: Partial<HttpOptions> = {}) {
  const history = new LiveHistory()
  const server = await startServer(t, {
    history,
    authenticate: () => ({
      kind: 'project',
      principal: {
        keyId: 'audit',
        actor: 'key:audit',
        scopes: new Set(['api.audit.read']),
        project: { id: 'default', dialect: 'openai', limits: {} },
      },
    }),
    options,
  })
  return { ...server, history }
}

/** A reader; `text` is what it has got so far. */
async function follow(port: number) {
  const client = await RawClient.connect(port)
  let text = ''
  client.socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  client.send(head)
  return {
    client,
    /** Waits for it. */
    async has(part: string): Promise<true> {
      while (!text.includes(part)) await sleep(1)
      return true
    },
  }
}

t.test('the head comes before any event does', async (t) => {
  const { port } = await startStreams(t)
  const reader = await follow(port)
  await reader.has('HTTP/1.1 200 OK')
  t.ok(await reader.has('content-type: text/event-stream'))
})

t.test('a quiet stream shows that it lives', async (t) => {
  const { port } = await startStreams(t, { heartbeatMs: 5 })
  const reader = await follow(port)
  t.ok(await reader.has(':\n\n'))
})

t.test('a reader that does not read is dropped, and others go on', async (t) => {
  const { port, history } = await startStreams(t, { maxUnreadBytes: 100_000 })
  const slow = await follow(port)
  const good = await follow(port)
  await Promise.all([slow.has('id: 0'), good.has('id: 0')])
  slow.client.socket.pause()
  let told = 0
  while (history.followers.size === 2) {
    history.tell(50_000)
    told += 1
    await good.has(`id: ${told}\n`)
    // Beyond what sockets take by themselves: nothing is kept for it
    if (told > 1_000) return t.fail('it is still served')
  }
  history.tell()
  await good.has(`id: ${told + 1}\n`)
  t.equal(history.followers.size, 1)
})

t.test(
  'a reader that takes nothing for long is dropped, however little it misses',
  async (t) => {
    const { port, history } = await startStreams(t, {
      idleMs: 50,
      checkEveryMs: 10,
      maxUnreadBytes: 1e9,
    })
    const slow = await follow(port)
    await slow.has('id: 0')
    slow.client.socket.pause()
    for (let told = 0; told < 300; told += 1) history.tell(50_000)
    while (history.followers.size > 0) await sleep(1)
    t.pass('it was let go')
  },
)

t.test('a reader that is quick and gets little is left alone', async (t) => {
  const { port, history } = await startStreams(t, {
    idleMs: 30,
    slowAfterMs: 30,
    checkEveryMs: 5,
  })
  const reader = await follow(port)
  await reader.has('id: 0')
  await sleep(100)
  history.tell()
  t.ok(await reader.has('id: 1'))
})

t.test('a reader that goes away is let go of', async (t) => {
  const { port, history } = await startStreams(t)
  const reader = await follow(port)
  await reader.has('id: 0')
  reader.client.socket.resetAndDestroy()
  while (history.followers.size > 0) await sleep(1)
  t.pass('nobody is told any more')
})

t.test('close ends streams at once, whatever the grace', async (t) => {
  const { port, close, history } = await startStreams(t)
  const reader = await follow(port)
  await reader.has('id: 0')
  await close(60_000)
  t.ok(await reader.has('stopping'))
  t.equal(history.followers.size, 0)
})

t.test('HEAD, and any other Accept, is answered as a list', async (t) => {
  const { fetch } = await startStreams(t)
  const headers = { accept: 'text/event-stream' }
  const answer = await fetch('/v1/events', { method: 'HEAD', headers })
  t.equal(answer.headers.get('content-type'), 'application/json')
  const list = await fetch('/v1/events', { headers: { accept: '*/*' } })
  t.match(await list.json(), { object: 'list', data: [] })
})
