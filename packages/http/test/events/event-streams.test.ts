import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from '@custody/service'
import t, { type Test } from 'tap'
import { dialectNamed, type HttpOptions } from '../../src/index.ts'
import { startServer, type TestServer } from '../support/start-server.ts'

const never = new AbortController().signal
const MiB = 2 ** 20
const policy = dialectNamed('openai').uploads

/** As much as a file takes of it: 32 KiB in each event. */
const largest = Object.fromEntries(
  Array.from({ length: 16 }, (_, index) => [`key-${index}`, '🙂'.repeat(512)]),
)

type Streams = TestServer & {
  /** Who is told of what happens. */
  readonly followers: ReadonlySet<object>
  /** A key that may look on. */
  readonly auditKey: string
  /** Position of the project's last event. */
  readonly last: number
  /** Lets something happen in the project. Resolves to the position of its event. */
  tell(metadata?: Readonly<Record<string, string>>): Promise<number>
}

async function startStreams(
  t: Test,
  options: Partial<HttpOptions> = {},
): Promise<Streams> {
  const followers = new Set<object>()
  const server = await startServer(t, {
    parts: ({ history }) => ({ history: watchHistory(history, followers) }),
    options,
  })
  const { service, principal, keyWith } = server
  const auditKey = await keyWith('api.audit.read')
  const query = { order: 'desc', limit: 1 } as const
  const { events } = await service.history.events(principal, query, { signal: never })
  return {
    ...server,
    followers,
    auditKey,
    last: events[0]?.position ?? 0,
    async tell(metadata = {}) {
      const options = { policy, declaredBytes: undefined, signal: never }
      const session = service.files.beginUpload(principal, options)
      const { position } = await service.files.upload(principal, {
        purpose: 'user_data',
        filename: 'a.txt',
        content: session.fromBuffer(Buffer.from('Hello')),
        declaredType: null,
        metadata,
        policy,
        requestId: 'req_of_a_test',
        signal: never,
      })
      await session.close()
      return Number(position)
    },
  }
}

/** The same history, which tells of those that follow it. */
function watchHistory(history: History, followers: Set<object>): History {
  return {
    ...history,
    async follow(principal, query) {
      const following = await history.follow(principal, query)
      return {
        position: following.position,
        start(follower) {
          followers.add(following)
          following.start(follower)
        },
        stop() {
          followers.delete(following)
          following.stop()
        },
      }
    },
  }
}

/** A reader. */
async function follow({ port, auditKey }: Streams) {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.on('error', () => {})
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-MiB)
  })
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${auditKey}\r\n` +
      'Accept: text/event-stream\r\n\r\n',
  )
  return {
    socket,
    /** Waits for it among the last MiB. */
    async has(part: string): Promise<true> {
      while (!text.includes(part)) await sleep(1)
      return true
    },
  }
}

t.test('the head comes before any event does', async (t) => {
  const reader = await follow(await startStreams(t))
  await reader.has('HTTP/1.1 200 OK')
  t.ok(await reader.has('content-type: text/event-stream'))
})

t.test('a quiet stream shows that it lives', async (t) => {
  const reader = await follow(await startStreams(t, { heartbeatMs: 5 }))
  t.ok(await reader.has(':\n\n'))
})

t.test('a reader that does not read is dropped, and others go on', async (t) => {
  const server = await startStreams(t, { maxUnreadBytes: 100_000 })
  const { followers, last, tell } = server
  const slow = await follow(server)
  const good = await follow(server)
  await Promise.all([slow.has(`id: ${last}\n`), good.has(`id: ${last}\n`)])
  slow.socket.pause()
  let told = 0
  while (followers.size === 2) {
    const positions = await Promise.all(Array.from({ length: 10 }, () => tell(largest)))
    told += positions.length
    await good.has(`id: ${Math.max(...positions)}\n`)
    // Beyond what sockets take by themselves: nothing is kept for it
    if (told > 1_500) return t.fail('it is still served')
  }
  await good.has(`id: ${await tell()}\n`)
  t.equal(followers.size, 1)
})

t.test(
  'a reader that takes nothing for long is dropped, however little it misses',
  async (t) => {
    const server = await startStreams(t, {
      idleMs: 50,
      checkEveryMs: 10,
      maxUnreadBytes: 1e9,
    })
    const { followers, last, tell } = server
    const slow = await follow(server)
    await slow.has(`id: ${last}\n`)
    slow.socket.pause()
    for (let told = 0; followers.size > 0; told += 50) {
      if (told > 1_500) return t.fail('it is still served')
      await Promise.all(Array.from({ length: 50 }, () => tell(largest)))
      await sleep(10)
    }
    t.pass('it was let go')
  },
)

t.test('a reader that is quick and gets little is left alone', async (t) => {
  const server = await startStreams(t, {
    idleMs: 30,
    slowAfterMs: 30,
    checkEveryMs: 5,
  })
  const reader = await follow(server)
  await reader.has(`id: ${server.last}\n`)
  await sleep(100)
  t.ok(await reader.has(`id: ${await server.tell()}\n`))
})

t.test('a reader that goes away is let go of', async (t) => {
  const server = await startStreams(t)
  const reader = await follow(server)
  await reader.has(`id: ${server.last}\n`)
  t.equal(server.followers.size, 1)
  reader.socket.resetAndDestroy()
  while (server.followers.size > 0) await sleep(1)
  t.pass('nobody is told any more')
})

t.test('close ends streams at once, whatever the grace', async (t) => {
  const server = await startStreams(t)
  const reader = await follow(server)
  await reader.has(`id: ${server.last}\n`)
  await server.close(60_000)
  t.ok(await reader.has('stopping'))
  t.equal(server.followers.size, 0)
})

t.test('HEAD, and any other Accept, is answered as a list', async (t) => {
  const { fetch, auditKey } = await startStreams(t)
  const authorization = `Bearer ${auditKey}`
  const headers = { authorization, accept: 'text/event-stream' }
  const answer = await fetch('/v1/events', { method: 'HEAD', headers })
  t.equal(answer.headers.get('content-type'), 'application/json')
  const list = await fetch('/v1/events', { headers: { authorization, accept: '*/*' } })
  t.match(await list.json(), {
    object: 'list',
    data: [{ type: 'custody.project.created' }],
  })
})
