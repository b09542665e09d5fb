import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { custody, startServer, temporaryFolder, until } from '@custody/testkit'
import t from 'tap'
import { command, linesOf, makeExport, verifyText } from './exported.ts'

t.test('GET /v1/log/export', async (t) => {
  const exported = await makeExport(t, 10)
  const { server, contents, secret } = exported
  const path = '/v1/log/export'

  t.test('serves the admin key only', async (t) => {
    const auditor = await server.createProject({ scopes: ['api.audit.read'] })
    const tenant = await server.createProject()
    for (const api of [auditor.api, tenant.api, server.api]) {
      const answer = await api.call('GET', path)
      t.equal(answer.status, 403)
      t.notMatch(answer.text, 'custody-export')
    }
    t.equal((await server.as().call('GET', path)).status, 401)
    t.equal((await server.as('sk-nobody').call('GET', path)).status, 401)
  })

  t.test('refuses what it does not know', async (t) => {
    const unknown = await server.admin.call('GET', `${path}?content=true`)
    t.match(unknown.error(), { status: 400, code: 'unknown_parameter', param: 'content' })
    const wrong = await server.admin.call('GET', `${path}?blobs=yes`)
    t.match(wrong.error(), { status: 400, code: 'invalid_value', param: 'blobs' })
    t.match(wrong.error().message, "'yes'. Supported values are: 'true' and 'false'")
    const twice = await server.admin.call('GET', `${path}?blobs=true&blobs=true`)
    t.equal(twice.error().code, 'duplicate_parameter')
    t.equal((await server.admin.call('POST', path)).status, 405)
  })

  t.test('is lines of JSON up to a checkpoint, with every event once', async (t) => {
    const answer = await server.admin.call('GET', `${path}?blobs=true`)
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
    t.equal(answer.headers.get('cache-control'), 'no-store')
    const lines = linesOf(answer.text).map((line) => JSON.parse(line))
    const { end } = lines.at(-1)
    t.match(lines[0], {
      export: { format: 'custody-export', version: 1, events: end.events },
    })
    const events = lines.flatMap((line) =>
      line.event ? [JSON.parse(line.event.record)] : [],
    )
    t.same(
      events.map(({ position }) => position),
      Array.from({ length: end.events }, (_, index) => index + 1),
    )
    t.match(end.checkpoint, `\n${end.events}\n${end.root}\n`)
    t.equal(end.contents, contents.size)
    t.notMatch(answer.text, secret, 'what was erased is not in it')
    t.match(answer.text, 'Wilhelmine 9.txt', 'and what was not is')
    for (const name of ['admin-key', 'master-key', 'log-signing-key', 'webhook-key']) {
      const file = join(server.dataDir, 'secrets', name)
      if (!existsSync(file)) continue
      t.notMatch(answer.text, readFileSync(file, 'utf8').trim(), `no ${name}`)
    }
    t.notMatch(answer.text, 'wrapped')
    const report = await verifyText(answer.bytes, { blobs: true })
    t.equal(report.count, 0, JSON.stringify(report.findings))
  })

  t.test('answers HEAD without an export', async (t) => {
    const answer = await server.admin.call('HEAD', `${path}?blobs=true`)
    t.equal(answer.status, 200)
    t.equal(answer.bytes.length, 0)
  })

  t.test('ends with a client that goes, and waits for one that is slow', async (t) => {
    for (let n = 0; n < 6; n += 1) {
      const content = Buffer.alloc(4 * 2 ** 20, n)
      await server.api.upload({ purpose: 'user_data', filename: 'large', content })
    }
    const { hostname, port } = new URL(server.address)
    const memory = () =>
      Number(
        /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1],
      )
    const clients = Array.from({ length: 8 }, () => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write(
        `GET ${path}?blobs=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.adminKey}\r\n\r\n`,
      )
      return socket
    })
    const before = memory()
    let taken = 0
    for (const socket of clients) {
      socket.once('data', (chunk) => {
        taken += chunk.length > 0 ? 1 : 0
        socket.pause()
      })
    }
    await until('the answers to begin', () => taken === clients.length || undefined)
    t.equal((await server.api.list()).object, 'list', 'it serves meanwhile')
    t.ok(memory() - before < 8 * 16 * 1024, 'what nobody takes is not kept for them')
    for (const socket of clients) socket.destroy()
    t.equal((await server.admin.call('GET', path)).status, 200)
  })
})

t.test(
  'what is erased and deleted before it was read moves the end of the export',
  async (t) => {
    const server = await startServer(t)
    const ids: string[] = []
    for (let n = 0; n < 6; n += 1) {
      const content = Buffer.alloc(4 * 2 ** 20, `${n}`)
      const form = { purpose: 'user_data', filename: `Wilhelmine ${n}`, content }
      ids.push((await server.api.upload(form)).json().id)
    }
    const response = await fetch(`${server.address}/v1/log/export?blobs=true`, {
      headers: { authorization: `Bearer ${server.adminKey}` },
    })
    const reader = response.body?.getReader()
    const chunks = [Buffer.from((await reader?.read())?.value ?? '')]
    // The first was written down already, the last is not yet read: the client takes nothing more.
    const [first = '', , , , fifth = '', last = ''] = ids
    t.equal((await server.api.call('POST', `/v1/files/${first}/erase`)).status, 200)
    t.equal((await server.api.call('POST', `/v1/files/${fifth}/erase`)).status, 200)
    t.equal((await server.api.delete(last)).status, 200)
    for (
      let part = await reader?.read();
      part && !part.done;
      part = await reader?.read()
    ) {
      chunks.push(Buffer.from(part.value))
    }
    const whole = Buffer.concat(chunks)
    const lines = linesOf(whole.toString())
    const begun = JSON.parse(lines[0] ?? '').export.events
    const { end } = JSON.parse(lines.at(-1) ?? '')
    t.ok(end.events > begun, `${begun} events became ${end.events}`)
    t.match(end.checkpoint, `\n${end.events}\n`)
    const { count, findings, blobs } = await verifyText(whole, { blobs: true })
    t.equal(count, 0, JSON.stringify(findings))
    t.ok(blobs.extents <= 5, 'what was erased counts no more')
  },
)

t.test('an export that is taken while clients write, delete and erase', async (t) => {
  const server = await startServer(t)
  const upload = { purpose: 'user_data', filename: 'Wilhelmine' }
  let isOver = false
  const client = async (n: number) => {
    for (let k = 0; !isOver; k += 1) {
      const content = Buffer.alloc(k % 3 === 0 ? 70_000 : 10, `${n}.${k}`)
      const { id } = (await server.api.upload({ ...upload, content })).json()
      if (k % 3 === 1) await server.api.delete(id)
      if (k % 6 === 0) await server.api.call('POST', `/v1/files/${id}/erase`)
    }
  }
  const clients = [client(1), client(2), client(3)]
  try {
    for (let n = 0; n < 4; n += 1) {
      const { status, bytes } = await server.admin.call(
        'GET',
        '/v1/log/export?blobs=true',
      )
      t.equal(status, 200)
      const { count, findings, events } = await verifyText(bytes, { blobs: true })
      t.equal(count, 0, `${events} events ${JSON.stringify(findings)}`)
    }
  } finally {
    isOver = true
    await Promise.all(clients)
  }
})

t.test('custody audit export', async (t) => {
  const { server, folder, file, lines } = await makeExport(t, 10)

  t.test('to a file that only its owner reads', async (t) => {
    t.equal(statSync(file).mode & 0o777, 0o600)
    t.notOk(existsSync(`${file}.partial`))
  })

  t.test('to standard output, and verified from standard input', async (t) => {
    const { code, stdout } = await server.custody('audit', 'export', '-', '--blobs')
    t.equal(code, 0)
    const verified = await custody(['audit', 'verify', '-', '--blobs'], {
      dataDir: join(folder, 'none'),
      stdin: stdout,
    })
    t.equal(verified.code, 0, verified.stdout + verified.stderr)
  })

  t.test('to a pipe with a name, which stays one', async (t) => {
    const pipe = join(temporaryFolder(t), 'pipe')
    execFileSync('mkfifo', [pipe])
    const [read, { code, stderr }] = await Promise.all([
      readFile(pipe, 'utf8'),
      server.custody('audit', 'export', pipe),
    ])
    t.equal(code, 0, stderr)
    t.match(JSON.parse(linesOf(read).at(-1) ?? ''), { end: { sha256: String } })
    t.ok(statSync(pipe).isFIFO())
  })

  t.test('to a place that cannot be written', async (t) => {
    const { code, stderr } = await server.custody(
      'audit',
      'export',
      join(folder, 'no/where'),
    )
    t.equal(code, 1)
    t.match(stderr, /The export broke off, and nothing was kept of it: ENOENT/)
  })

  t.test('of a copy without its secrets, up to the last checkpoint', async (t) => {
    const events = JSON.parse(lines.at(-1) ?? '').end.events
    t.equal(await server.stop(), 0)
    const dataDir = join(temporaryFolder(t), 'copy')
    const secrets = join(server.dataDir, 'secrets')
    cpSync(server.dataDir, dataDir, {
      recursive: true,
      filter: (path) => path !== secrets,
    })
    const out = join(folder, 'of-a-copy.ndjson')
    const { code, stdout, stderr } = await custody(['audit', 'export', out], { dataDir })
    t.equal(code, 0, stderr)
    t.match(stderr, 'the checkpoint that was signed last')
    const count = Number(/: (\d+) events/.exec(stdout)?.[1])
    t.ok(count >= events, stdout)
    t.equal((await command(folder, 'audit', 'verify', out)).code, 0)
    const sealed = await custody(['audit', 'export', out, '--blobs'], { dataDir })
    t.equal(sealed.code, 1)
    t.match(sealed.stderr, 'there is no master key')
    t.notOk(existsSync(`${out}.partial`), 'nothing is left of it')
    t.equal(
      (await command(folder, 'audit', 'verify', out)).code,
      0,
      'and the file is what it was',
    )
  })

  t.test('with the server stopped', async (t) => {
    const out = join(folder, 'stopped.ndjson')
    const { code, stdout, stderr } = await server.custody(
      'audit',
      'export',
      out,
      '--blobs',
    )
    t.equal(code, 0, stdout + stderr)
    const verified = await command(folder, 'audit', 'verify', out, '--blobs')
    t.equal(verified.code, 0, verified.stdout)
  })

  t.test('a damaged content is told, and no export is made of it', async (t) => {
    const out = join(folder, 'damaged.ndjson')
    const dataDir = join(temporaryFolder(t), 'copy')
    cpSync(server.dataDir, dataDir, { recursive: true })
    const { path } = largest(join(dataDir, 'blobs'))
    writeFileSync(path, readFileSync(path).subarray(0, 100))
    const { code, stderr } = await custody(['audit', 'export', out, '--blobs'], {
      dataDir,
    })
    t.equal(code, 1)
    t.match(stderr, /connection broke|cannot be exported/)
    t.notOk(existsSync(out))
  })
})

function largest(folder: string): { path: string; size: number } {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(folder, name)
    const facts = statSync(path)
    return { path, size: facts.isFile() ? facts.size : -1 }
  })
  const [found] = files.sort((a, b) => b.size - a.size)
  if (!found) throw new Error('nothing is stored')
  return found
}
