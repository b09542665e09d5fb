import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import {
  clientForms,
  type Form,
  RawConnection,
  requestHead,
  startServer,
} from '@custody/testkit'
import t from 'tap'

const MiB = 2 ** 20
const server = await startServer(t)
const limited = await server.createProject({ limits: { max_file_bytes: MiB } })

const upload = (bytes: number) => ({
  purpose: 'user_data',
  filename: 'a.bin',
  content: Buffer.alloc(bytes, 'custody'),
})

t.test('a limit is inclusive', async (t) => {
  t.equal((await limited.api.upload(upload(MiB))).status, 200)
  t.equal((await limited.api.upload(upload(MiB + 1))).status, 413)
})

for (const client of ['openai-python', 'openai-node with a stream'] as const) {
  for (const bytes of [MiB + 1, 42 * MiB]) {
    t.test(
      `too large: 413, and the connection stays usable — ${bytes} bytes in the form of ${client}`,
      async (t) => {
        const connection = await RawConnection.open(server.address)
        t.teardown(() => connection.vanish())
        const first = await connection
          .send(...uploadRequest(limited.key, clientForms[client](upload(bytes))))
          .answer()
        t.match(first.error(), {
          status: 413,
          type: 'invalid_request_error',
          code: 'file_too_large',
          param: 'file',
          message: /1 MiB/,
        })
        t.not(first.headers.get('connection'), 'close')
        const second = await connection
          .send(...uploadRequest(limited.key, clientForms[client](upload(5))))
          .answer()
        t.equal(second.status, 200)
      },
    )
  }
}

t.test('too large: the limit of a purpose goes before that of all', async (t) => {
  const { api } = await server.createProject({
    limits: { max_file_bytes: MiB, purposes: { user_data: { max_bytes: 100 } } },
  })
  t.match((await api.upload(upload(101))).error(), {
    status: 413,
    code: 'file_too_large',
    message: /100 bytes/,
  })
  t.equal((await api.upload(upload(100))).status, 200)
  t.equal((await api.upload({ ...upload(101), purpose: 'assistants' })).status, 200)
})

t.test(
  'too large: a purpose that is named first ends the upload at its limit',
  async (t) => {
    const { key } = await server.createProject({
      limits: { max_file_bytes: 100 * MiB, purposes: { user_data: { max_bytes: MiB } } },
    })
    const connection = await RawConnection.open(server.address)
    t.teardown(() => connection.vanish())
    const form = clientForms.curl(upload(50 * MiB))
    const [head = '', body = ''] = uploadRequest(key, form)
    // The rest never comes, so nobody can have waited for it.
    const answer = await connection
      .send(head, Buffer.from(body).subarray(0, 3 * MiB))
      .answer()
    t.match(answer.error(), {
      status: 413,
      code: 'file_too_large',
      message:
        /purpose 'user_data' of this project takes at most 1048576 bytes \(1 MiB\), and this one has at least \d+\.$/,
    })
    t.same(readdirSync(join(server.dataDir, 'staging')), [])
  },
)

t.test('too large: a quota refuses with 507, which is not retried', async (t) => {
  const { api } = await server.createProject({ limits: { quota_bytes: 150_000 } })
  const kept = (await api.upload(upload(100_000))).json()
  const refused = await api.upload(upload(60_000))
  t.match(refused.error(), { status: 507, code: 'storage_quota_exceeded' })
  t.equal(refused.headers.get('x-should-retry'), 'false')
  t.equal((await api.upload(upload(50_000))).status, 200, 'what is left can be used')
  await api.delete(kept.id)
  t.equal((await api.upload(upload(60_000))).status, 200, 'a delete makes room')
})

t.test('Expect: 100-continue is answered only after auth and size checks', async (t) => {
  const form = clientForms.curl(upload(2 * MiB))
  t.same(await expect100(limited.key, form), { continued: false, status: 413 })
  t.same(await expect100('sk-wrong', form), { continued: false, status: 401 })
  t.same(await expect100(server.apiKey, form), { continued: true, status: 200 })
})

/** An upload as bytes on a connection; a form without a length comes in chunks. */
function uploadRequest(key: string, form: Form): (string | Uint8Array)[] {
  const head = requestHead(
    'POST /v1/files',
    `Authorization: Bearer ${key}`,
    `Content-Type: ${form.contentType}`,
    form.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${form.body.length}`,
  )
  if (!form.chunked) return [head, form.body]
  const pieces: (string | Uint8Array)[] = [head]
  for (let at = 0; at < form.body.length; at += MiB) {
    const chunk = form.body.subarray(at, at + MiB)
    pieces.push(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n')
  }
  return [...pieces, '0\r\n\r\n']
}

/** Sends the body only when it is asked for. */
function expect100(key: string, form: Form) {
  return new Promise<{ continued: boolean; status: number | undefined }>(
    (resolve, reject) => {
      let continued = false
      const outgoing = request(`${server.address}/v1/files`, {
        method: 'POST',
        agent: false,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': form.contentType,
          'content-length': form.body.length,
          expect: '100-continue',
        },
      })
      outgoing.on('error', reject)
      outgoing.on('continue', () => {
        continued = true
        outgoing.end(form.body)
      })
      outgoing.on('response', (response) => {
        response.resume()
        resolve({ continued, status: response.statusCode })
        if (!continued) outgoing.destroy()
      })
      outgoing.flushHeaders()
    },
  )
}
