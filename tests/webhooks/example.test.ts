import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { environment, startServer, until } from '@custody/testkit'
import t from 'tap'
import { readExamples } from '../conformance/support/read-examples.ts'

// The receiver of docs/webhooks.md, as it stands there.

const page = new URL('../../docs/webhooks.md', import.meta.url)
const receiver = readExamples(page.pathname).find(({ language }) => language === 'js')

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

t.test('the receiver of the page takes what is signed, and nothing else', async (t) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const server = await startServer(t, { env: { CUSTODY_WEBHOOK_ALLOW: url } })
  const made = await server.api.call('POST', '/v1/webhooks', {
    body: { url, events: ['file.uploaded'] },
  })
  const { secret } = made.json<{ secret: string }>()
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', receiver?.code ?? ''],
    {
      env: environment({ WEBHOOK_SECRET: secret, PORT: String(port) }),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.teardown(() => child.kill())
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const form = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const { id } = (await server.api.upload(form)).json()
  const wanted = `custody.file.uploaded ${id}\n`
  await until('what the receiver prints', () => printed === wanted)

  const now = Math.floor(Date.now() / 1000)
  for (const headers of [
    {},
    { 'webhook-id': 'x', 'webhook-timestamp': String(now), 'webhook-signature': 'v1,' },
    {
      'webhook-id': 'x',
      'webhook-timestamp': String(now),
      'webhook-signature': `v1,${'A'.repeat(43)}=`,
    },
  ]) {
    const refused = await fetch(url, { method: 'POST', headers, body: '{}' })
    t.equal(refused.status, 401)
  }
  t.equal(printed, wanted)
})

t.test('the page names every error that a delivery can have', async (t) => {
  const text = readFileSync(page, 'utf8')
  const source = new URL(
    '../../packages/service/src/webhooks/send-request.ts',
    import.meta.url,
  )
  const type = /type SendError =([^\n]*\n(?: {2}\|.*\n)+)/.exec(
    readFileSync(source, 'utf8'),
  )
  const errors = type?.[1]?.match(/'\w+'/g) ?? []
  t.ok(errors.length > 5)
  for (const error of [...errors, "'status'", "'secret_unreadable'"]) {
    t.match(text, `| \`${error.slice(1, -1)}\``)
  }
})
