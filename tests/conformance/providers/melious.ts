import assert from 'node:assert/strict'
import OpenAI, { toFile } from 'openai'
import {
  type AnyFile,
  idsOf,
  isRefused,
  listed,
  MiB,
  replaced,
  shell,
  takesUpTo,
  uploaded,
} from '../statements/checks.ts'
import { batchLine, pdf, png, uploadFor } from '../statements/samples.ts'
import { sealsAtRest } from '../statements/sealed-at-rest.ts'
import { holds, notObservable, type Provider } from '../statements/statement.ts'

const note = uploadFor('user_data')
const handbook = uploadFor('assistants')

/** Melious, "Files". */
export const melious: Provider = {
  name: 'melious',
  document: 'Melious, Files',
  statements: [
    holds('Upload a file once and reference it by id', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.equal((await api.get(id)).status, 200)
    }),
    notObservable(
      'to attach to a Vector store for retrieval',
      'vector stores are outside this service',
    ),
    holds('OpenAI-compatible Files API.', async (world) => {
      const { key } = await world.newProject()
      const client = new OpenAI({ baseURL: `${world.server.address}/v1`, apiKey: key })
      const create = async (name: string) =>
        await client.files.create({
          file: await toFile(Buffer.from('Hello'), name),
          purpose: 'user_data',
        })
      const names = ['a.txt', 'b.txt', 'c.txt']
      for (const name of names) await create(name)
      const found: string[] = []
      for await (const file of client.files.list({ limit: 1 })) found.push(file.filename)
      assert.deepEqual(found, names.toReversed(), 'the pager goes to the end')
      const file = await create('d.txt')
      assert.deepEqual(await client.files.waitForProcessing(file.id), file)
      assert.equal(await (await client.files.content(file.id)).text(), 'Hello')
      assert.equal((await client.files.delete(file.id)).deleted, true)
    }),
    holds('Files are compressed and encrypted at rest.', sealsAtRest),
    holds('Base path: /v1/files', async ({ api }) => {
      assert.equal((await api.call('GET', '/v1/files')).status, 200)
    }),
    holds('Auth: Bearer token or x-api-key.', async ({ server, project }) => {
      const nobody = server.as()
      for (const headers of [
        { authorization: `Bearer ${project.key}` },
        { 'x-api-key': project.key },
      ]) {
        const call = { headers: headers as Readonly<Record<string, string>> }
        assert.equal((await nobody.call('GET', '/v1/files', call)).status, 200)
        assert.equal((await nobody.upload(note, call)).status, 200)
      }
    }),
    holds('Requires any inference scope.', async (world) => {
      const inference = await world.newProject({ scopes: ['inference'] })
      const { id } = await uploaded(inference.api, note)
      assert.equal((await inference.api.content(id)).status, 200)
      const auditor = await world.newProject({ scopes: ['api.audit.read'] })
      isRefused(await auditor.api.upload(note), {
        status: 403,
        code: 'insufficient_permissions',
        message: /api\.files\.write/,
      })
    }),
    holds('Max upload size: 105 MB.', async ({ server, project }) => {
      await takesUpTo(server, project.key, 105 * MiB, 400)
    }),
    holds(
      'POST /v1/filesmultipart/form-data upload with two fields.',
      async ({ api }) => {
        const file = await uploaded(api, [
          { name: 'file', filename: 'handbook.pdf', content: pdf },
          { name: 'purpose', content: 'assistants' },
        ])
        assert.equal(file.filename, 'handbook.pdf')
      },
    ),
    holds('file | file | yes | The file to upload (binary).', async ({ api }) => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      const { id } = await uploaded(api, { ...note, content: bytes })
      assert.deepEqual((await api.content(id)).bytes, bytes)
      isRefused(await api.upload([{ name: 'purpose', content: 'vision' }]), {
        status: 400,
        type: 'invalid_request_error',
        param: 'file',
      })
    }),
    holds('purpose | string | yes | One of the purposes below.', async ({ api }) => {
      const file = { name: 'file', filename: 'a.txt', content: 'Hello' }
      isRefused(await api.upload([file]), { status: 400, param: 'purpose' })
    }),
    holds('assistants | Attach to a vector store for retrieval', async ({ api }) => {
      assert.equal((await uploaded(api, handbook)).purpose, 'assistants')
    }),
    holds('user_data | General-purpose user file.', async ({ api }) => {
      assert.equal((await uploaded(api, note)).purpose, 'user_data')
    }),
    holds('vision | Image input.', async ({ api }) => {
      const image = { purpose: 'vision', filename: 'dot.png', content: png }
      assert.equal((await uploaded(api, image)).purpose, 'vision')
      isRefused(await api.upload({ ...image, content: 'no image' }), { status: 400 })
    }),
    holds(
      'batch | JSONL input for the Batch API (validated as JSONL on upload).',
      async ({ api }) => {
        const batch = { purpose: 'batch', filename: 'batch.jsonl' }
        const file = await uploaded(api, { ...batch, content: batchLine })
        assert.equal('expires_at' in file, false, 'no expiry that nobody asked for')
        isRefused(await api.upload({ ...batch, content: `${batchLine}{nope\n` }), {
          status: 400,
          type: 'invalid_request_error',
          code: 'invalid_json_line',
          message: /^Line 2: /,
        })
      },
    ),
    holds('fine-tune | Fine-tuning data.', async ({ api }) => {
      assert.equal((await uploaded(api, uploadFor('fine-tune'))).purpose, 'fine-tune')
    }),
    holds('evals | Evaluation data.', async ({ api }) => {
      assert.equal((await uploaded(api, uploadFor('evals'))).purpose, 'evals')
    }),
    holds('-F file=@handbook.pdf', async ({ server, project }) => {
      const answer = await shell(
        replaced(
          `curl https://api.melious.ai/v1/files \\
-H "Authorization: Bearer sk-mel-<YOUR_API_KEY>" \\
-F purpose="assistants" \\
-F file=@handbook.pdf`,
          ['https://api.melious.ai', server.address],
          ['sk-mel-<YOUR_API_KEY>', project.key],
        ),
        { 'handbook.pdf': pdf },
      )
      const { id, object, bytes, filename, purpose, status }: AnyFile = JSON.parse(answer)
      assert.match(id, /^file-/)
      assert.deepEqual(
        { object, bytes, filename, purpose, status },
        {
          object: 'file',
          bytes: pdf.length,
          filename: 'handbook.pdf',
          purpose: 'assistants',
          status: 'processed',
        },
      )
    }),
    holds('"bytes": 20413', async ({ api }) => {
      const content = Buffer.alloc(20_413, 'x')
      assert.equal((await uploaded(api, { ...handbook, content })).bytes, 20_413)
    }),
    holds('"created_at": 1699999999', async ({ api }) => {
      const { created_at } = await uploaded(api, handbook)
      assert.ok(Math.abs(Number(created_at) - Date.now() / 1000) < 60)
    }),
    holds('"status": "processed"', async ({ api }) => {
      const file = await uploaded(api, handbook)
      assert.equal(file.status, 'processed')
      assert.equal((await api.get(file.id)).json().status, 'processed')
    }),
    holds(
      'GET /v1/files?purpose=assistants&limit=20&after=<cursor>&order=desc',
      async (world) => {
        const { api } = await world.newProject()
        const older = await uploaded(api, handbook)
        await uploaded(api, note)
        const cursor = await uploaded(api, handbook)
        const query = `purpose=assistants&limit=20&after=${cursor.id}&order=desc`
        assert.deepEqual(idsOf(await listed(api, query)), [older.id])
      },
    ),
    holds('purpose | string | any | Filter by purpose.', async (world) => {
      const { api } = await world.newProject()
      const one = await uploaded(api, handbook)
      const other = await uploaded(api, note)
      assert.deepEqual(idsOf(await listed(api, 'purpose=assistants')), [one.id])
      assert.deepEqual(idsOf(await listed(api)), [other.id, one.id], 'any')
      assert.deepEqual(idsOf(await listed(api, 'purpose=never_used')), [])
    }),
    holds('limit | integer | 20 | Max 100.', async (world) => {
      const { api } = await world.newProject()
      for (let n = 0; n < 21; n += 1) await uploaded(api, note)
      const page = await listed(api)
      assert.equal(page.data.length, 20)
      assert.equal(page.has_more, true)
      assert.equal((await listed(api, 'limit=100')).data.length, 21)
      const refused = { status: 400, type: 'invalid_request_error', param: 'limit' }
      isRefused(await api.call('GET', '/v1/files?limit=101'), {
        ...refused,
        message: /<= 100, but got 101/,
      })
      isRefused(await api.call('GET', '/v1/files?limit=0'), refused)
    }),
    holds('after | string | none | Cursor for pagination.', async (world) => {
      const { api } = await world.newProject()
      const ids: string[] = []
      for (let n = 0; n < 3; n += 1) ids.push((await uploaded(api, note)).id)
      const newestFirst = ids.toReversed()
      const first = await listed(api, 'limit=2')
      const second = await listed(api, `limit=2&after=${idsOf(first).at(-1)}`)
      assert.deepEqual([...idsOf(first), ...idsOf(second)], newestFirst)
    }),
    holds('order | string | "desc" | "asc" or "desc" by created_at.', async (world) => {
      const { api } = await world.newProject()
      const older = await uploaded(api, note)
      const newer = await uploaded(api, note)
      assert.deepEqual(idsOf(await listed(api, 'order=asc')), [older.id, newer.id])
      assert.deepEqual(idsOf(await listed(api, 'order=desc')), [newer.id, older.id])
      assert.deepEqual(idsOf(await listed(api)), [newer.id, older.id])
      isRefused(await api.call('GET', '/v1/files?order=new'), {
        status: 400,
        param: 'order',
      })
    }),
    holds('"object": "list"', async ({ api }) => {
      assert.equal((await listed(api)).object, 'list')
    }),
    holds('"data": [ /* file objects */ ]', async (world) => {
      const { api } = await world.newProject()
      const file = await uploaded(api, note)
      assert.deepEqual((await listed(api)).data, [file])
    }),
    holds('"has_more": false', async (world) => {
      const { api } = await world.newProject()
      await uploaded(api, note)
      assert.equal((await listed(api, 'limit=1')).has_more, false)
      await uploaded(api, note)
      assert.equal((await listed(api, 'limit=1')).has_more, true)
    }),
    holds(
      'Returns the file object (same shape as the upload response).',
      async (world) => {
        const file = await uploaded(world.api, handbook)
        assert.deepEqual((await world.api.get(file.id)).json(), file)
      },
    ),
    holds("Doesn't return the content", async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.equal((await api.get(id)).text.includes('Hello'), false)
    }),
    holds('Returns the raw bytes (not JSON-wrapped)', async ({ api }) => {
      const { id } = await uploaded(api, handbook)
      const answer = await api.content(id)
      assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
      assert.deepEqual(answer.bytes, pdf)
    }),
    holds('-o handbook.pdf', async ({ server, project, api }) => {
      const { id } = await uploaded(api, handbook)
      const sum = await shell(
        `${replaced(
          `curl https://api.melious.ai/v1/files/file-abc123/content \\
-H "Authorization: Bearer sk-mel-<YOUR_API_KEY>" \\
-o handbook.pdf`,
          ['https://api.melious.ai', server.address],
          ['file-abc123', id],
          ['sk-mel-<YOUR_API_KEY>', project.key],
        )}\ncmp handbook.pdf sent.pdf && echo same`,
        { 'sent.pdf': pdf },
      )
      assert.equal(sum, 'same\n')
    }),
    notObservable(
      'once output_file_id is set on the batch object',
      'batches are outside this service; their output files are like any other',
    ),
    holds('DELETE /v1/files/{file_id}', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.equal((await api.call('DELETE', `/v1/files/${id}`)).status, 200)
    }),
    holds('"deleted": true', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.deepEqual((await api.delete(id)).json(), {
        id,
        object: 'file',
        deleted: true,
      })
      isRefused(await api.get(id), { status: 404 })
    }),
    notObservable(
      'Deleting a file does not detach it from vector stores',
      'vector stores are outside this service',
    ),
    holds(
      'Errors use the OpenAI envelope { "error": { "message", "type", "param", "code" } }.',
      async ({ api, server }) => {
        const answers = [
          await api.get('file-none'),
          await api.upload({ ...note, purpose: 'nonsense' }),
          await api.call('PUT', '/v1/files'),
          await api.call('GET', '/v1/nothing'),
          await server.as().call('GET', '/v1/files'),
        ]
        for (const answer of answers) {
          const { error } = answer.json<{ error: object }>()
          assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'])
        }
      },
    ),
    holds(
      'malformed multipart, or (forpurpose: "batch") content that fails JSONL validation.',
      async ({ api }) => {
        const refused = { status: 400, type: 'invalid_request_error' }
        isRefused(await api.upload({ ...note, purpose: 'nonsense' }), {
          ...refused,
          param: 'purpose',
        })
        const body = Buffer.from('--b\r\nContent-Disposition: form-data; name="file"')
        const malformed = { contentType: 'multipart/form-data; boundary=b', body }
        isRefused(await api.upload(malformed), { ...refused, code: 'invalid_multipart' })
        const noForm = { headers: { 'content-type': 'multipart/form-data' }, body }
        isRefused(await api.call('POST', '/v1/files', noForm), refused)
        isRefused(await api.upload({ ...uploadFor('batch'), content: '[]\n' }), refused)
      },
    ),
    holds('400 — upload exceeds 105 MB.', async (world) => {
      const { server, project } = world
      const early = await takesUpTo(server, project.key, 105 * MiB, 400)
      isRefused(early, { status: 400, type: 'invalid_request_error' })
      const { api } = await world.newProject({ limits: { max_file_bytes: 4 } })
      isRefused(await api.upload(note), {
        status: 400,
        type: 'invalid_request_error',
        code: 'file_too_large',
        message: /this project takes at most 4 bytes, .* has 5/,
      })
    }),
    holds('— missing or invalid API key.', async (world) => {
      const refused = { status: 401, type: 'authentication_error' }
      // A key that is no more: in its project's dialect, wherever it is asked
      const revoked = await world.newProject()
      assert.equal((await revoked.api.call('GET', '/v1/files')).status, 200)
      const path = `/v1/organization/projects/${revoked.id}/api_keys/${revoked.keyId}`
      assert.equal((await world.server.admin.call('DELETE', path)).status, 200)
      isRefused(await revoked.api.call('GET', '/v1/files'), refused)
      // None, and a wrong one: in the default dialect
      const server = await world.ownServer()
      isRefused(await server.as().call('GET', '/v1/files'), { ...refused, code: null })
      isRefused(await server.as('sk-wrong').upload(note), {
        ...refused,
        code: 'invalid_api_key',
      })
    }),
    holds("— requested file doesn't exist.", async ({ api }) => {
      const refused = { status: 404, type: 'invalid_request_error', param: 'id' }
      isRefused(await api.get('file-abc123'), refused)
      isRefused(await api.content('file-abc123'), refused)
      isRefused(await api.delete('file-abc123'), refused)
    }),
    notObservable(
      'Batches for the endpoint that consumes JSONL files',
      'batches are outside this service',
    ),
  ],
}
