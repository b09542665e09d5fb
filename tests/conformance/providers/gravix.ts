import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { clientForms, until } from '@custody/testkit'
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
import { batchLine, chatExample, pdf, png, uploadFor } from '../statements/samples.ts'
import { sealsAtRest } from '../statements/sealed-at-rest.ts'
import { holds, notObservable, type Provider } from '../statements/statement.ts'
import type { World } from '../statements/world.ts'

const plain = (filename: string) => ({
  purpose: 'user_data',
  filename,
  content: 'Hello',
})

const takesExtensions =
  (...extensions: readonly string[]) =>
  async ({ api }: World) => {
    for (const extension of extensions) {
      const filename = `a${extension}`
      assert.equal((await uploaded(api, plain(filename))).file_name, filename)
    }
  }

const takesPurposes =
  (...purposes: readonly string[]) =>
  async ({ api }: World) => {
    for (const purpose of purposes) {
      const form =
        purpose === 'batch_output'
          ? { purpose, filename: 'out.jsonl', content: '{}\n' }
          : uploadFor(purpose)
      assert.equal((await uploaded(api, form)).purpose, purpose)
    }
    const nonsense = await api.upload({ ...plain('a.txt'), purpose: 'nonsense' })
    isRefused(nonsense, {
      status: 400,
      type: 'invalid_request_error',
      param: 'purpose',
      message: /^'nonsense' is not one of \[.*'batch_output'.*\] - 'purpose'$/,
    })
  }

/** The first example of the document, as printed. */
async function firstExample({ server, project }: World): Promise<AnyFile> {
  const answer = await shell(
    replaced(
      `curl --request POST \\
  --url https://api.gravixlayer.com/v1/files \\
  --header 'Authorization: Bearer <token>' \\
  --header 'Content-Type: multipart/form-data' \\
  --form file='@example-file' \\
  --form purpose=assistants`,
      ['https://api.gravixlayer.com', server.address],
      ['<token>', project.key],
    ),
    { 'example-file': 'Hello' },
  )
  return JSON.parse(answer)
}

const advice = 'advice to the writer of a client, which asks nothing of the service'

/** Gravix Layer, "Upload File". */
export const gravix: Provider = {
  name: 'gravix',
  document: 'Gravix Layer, Upload File',
  statements: [
    holds('curl --request POST', async (world) => {
      const file = await firstExample(world)
      assert.equal(file.file_name, 'example-file')
      assert.equal(file.purpose, 'assistants')
    }),
    holds("--header 'Authorization: Bearer <token>'", async (world) => {
      const { id } = await firstExample(world)
      assert.equal((await world.api.get(id)).status, 200, 'it is the project’s')
    }),
    holds("--header 'Content-Type: multipart/form-data'", async (world) => {
      // curl appends its boundary to the header; without one nobody could read the form
      const { id } = await firstExample(world)
      assert.equal((await world.api.content(id)).text, 'Hello')
      const body = Buffer.from('--b--')
      const headers = { 'content-type': 'multipart/form-data' }
      isRefused(await world.api.call('POST', '/v1/files', { headers, body }), {
        status: 400,
        code: 'invalid_multipart',
      })
    }),
    notObservable(
      'for use across various endpoints including vector storage, fine-tuning, and batch processing',
      'the endpoints that use files are outside this service',
    ),
    notObservable(
      'Uploaded files are securely stored',
      'how they are stored is no matter of any request',
    ),
    holds('can be referenced by their unique file ID', async ({ api }) => {
      const one = await uploaded(api, plain('a.txt'))
      const other = await uploaded(api, plain('a.txt'))
      assert.notEqual(one.file_id, other.file_id)
      const found = await api.get(`${one.file_id}`)
      assert.equal(found.json<AnyFile>().file_id, one.file_id)
      assert.equal((await api.content(`${one.file_id}`)).text, 'Hello')
    }),
    holds('.pdf, .txt, .md, .docx', takesExtensions('.pdf', '.txt', '.md', '.docx')),
    holds('.json, .jsonl, .csv', takesExtensions('.json', '.jsonl', '.csv')),
    holds(
      '.jpg, .jpeg, .png, .webp',
      takesExtensions('.jpg', '.jpeg', '.png', '.webp', '.PNG'),
    ),
    holds(
      '.py, .js, .ts, .html, .css',
      takesExtensions('.py', '.js', '.ts', '.html', '.css'),
    ),
    holds('Automatic expiration with configurable retention periods', async ({ api }) => {
      const form = { ...plain('a.txt'), fields: [['expires_after', '1']] as const }
      const file = await uploaded(api, form)
      assert.equal(file.expires_at, Number(file.created_at) + 1)
      const ended = await until('the expiry', async () => {
        const answer = await api.get(file.id)
        return answer.status !== 200 && answer
      })
      isRefused(ended, { status: 404 })
    }),
    holds('Secure storage with encryption at rest', sealsAtRest),
    holds('Purpose-based organization for different use cases', async (world) => {
      const { api } = await world.newProject()
      const kept = await uploaded(api, uploadFor('vision'))
      await uploaded(api, uploadFor('evals'))
      assert.deepEqual(idsOf(await listed(api, 'purpose=vision')), [kept.id])
    }),
    holds('Size limits up to 200MB per file', async ({ server, project }) => {
      await takesUpTo(server, project.key, 200 * MiB)
    }),
    holds('response = client.files.create(', async ({ api }) => {
      const upload = {
        purpose: 'user_data',
        filename: 'knowledge_base.pdf',
        content: pdf,
      }
      const file = await uploaded(api, clientForms['openai-python'](upload))
      assert.equal(file.file_name, 'knowledge_base.pdf')
      assert.equal(file.purpose, 'user_data')
    }),
    holds(
      'filefile (binary)YesThe file to upload. Maximum size: 200MB.',
      async (world) => {
        const answer = await world.api.upload([{ name: 'purpose', content: 'user_data' }])
        isRefused(answer, {
          status: 400,
          type: 'invalid_request_error',
          code: 'missing_required_parameter',
          param: 'file',
        })
      },
    ),
    holds(
      'Must be one of: batch, batch_output, fine-tune, vision, user_data, evals.',
      takesPurposes(
        ...['batch', 'batch_output', 'fine-tune', 'vision', 'user_data', 'evals'],
      ),
    ),
    holds(
      'expires_afterinteger (seconds)NoExpiration time in seconds.',
      async ({ api }) => {
        const withExpiry = (seconds: string) =>
          api.upload({ ...plain('a.txt'), fields: [['expires_after', seconds]] })
        for (const seconds of ['1', '86400', '31536000', '250000000000']) {
          const file = (await withExpiry(seconds)).json<AnyFile>()
          assert.equal(Number(file.expires_at), Number(file.created_at) + Number(seconds))
        }
        for (const wrong of ['0', '-1', '1.5', 'soon', '']) {
          isRefused(await withExpiry(wrong), { status: 400, param: 'expires_after' })
        }
      },
    ),
    holds(
      'the file will be automatically deleted after this duration',
      async ({ server, api }) => {
        const file = await uploaded(api, {
          ...plain('a.txt'),
          fields: [['expires_after', '1']],
        })
        const events = await until('the event of the expiry', async () => {
          const { stdout } = await server.custody('audit', 'show', file.id)
          return stdout.includes('FileExpired') && stdout
        })
        assert.match(events, /FileUploaded.*FileExpired/s)
      },
    ),
    holds('-F "expires_after=86400"', async ({ server, project }) => {
      const answer = await shell(
        replaced(
          `curl -X POST https://api.gravixlayer.com/v1/files \\
  -H "Authorization: Bearer $GRAVIXLAYER_API_KEY" \\
  -F "file=@/path/to/your/file.jsonl" \\
  -F "purpose=fine-tune" \\
  -F "expires_after=86400"`,
          ['https://api.gravixlayer.com', server.address],
          ['$GRAVIXLAYER_API_KEY', project.key],
          ['@/path/to/your/', '@path/to/your/'],
        ),
        { 'path/to/your/file.jsonl': chatExample.repeat(10) },
      )
      const file: AnyFile = JSON.parse(answer)
      assert.equal(file.purpose, 'fine-tune')
      assert.equal(file.expires_at, Number(file.created_at) + 86_400)
    }),
    holds('"file_name": "Test_POST.pdf"', async ({ api }) => {
      const file = await uploaded(api, { ...plain('Test_POST.pdf'), content: pdf })
      assert.equal(file.file_name, 'Test_POST.pdf')
      // The example shows it with purpose fine-tune, which contradicts "Training datasets in JSONL format"
      const mistaken = { purpose: 'fine-tune', filename: 'Test_POST.pdf', content: pdf }
      isRefused(await api.upload(mistaken), {
        status: 400,
        type: 'invalid_request_error',
        code: 'invalid_extension',
      })
    }),
    holds('"message": "file uploaded"', async ({ api }) => {
      const file = await uploaded(api, plain('a.txt'))
      assert.equal(file.message, 'file uploaded')
      const later = (await api.get(file.id)).json<AnyFile>()
      assert.equal('message' in later, false, 'nothing is uploaded by a GET')
    }),
    holds('"purpose": "fine-tune"', async ({ api }) => {
      assert.equal((await uploaded(api, uploadFor('fine-tune'))).purpose, 'fine-tune')
    }),
    holds('"file_id": "file_abc123"', async ({ api }) => {
      const file = await uploaded(api, plain('a.txt'))
      assert.equal(typeof file.file_id, 'string')
      assert.equal(file.file_id, file.id, 'beside the name that SDKs page and poll by')
      const { data } = await listed(api, 'limit=1')
      assert.equal(data[0]?.file_id, file.id)
      const gone = (await api.delete(file.id)).json<AnyFile>()
      assert.deepEqual(gone, {
        id: file.id,
        object: 'file',
        deleted: true,
        file_id: file.id,
      })
    }),
    holds('"size_bytes": 1048576', async ({ api }) => {
      const content = Buffer.alloc(MiB, 'x')
      const file = await uploaded(api, { ...plain('a.txt'), content })
      assert.equal(file.size_bytes, 1_048_576)
      assert.equal(file.bytes, 1_048_576)
    }),
    holds('"created_at": 1697123456', async ({ api }) => {
      const file = await uploaded(api, plain('a.txt'))
      assert.ok(Math.abs(Number(file.created_at) - Date.now() / 1000) < 60)
    }),
    holds(
      '400invalid_request_errorInvalid file format or missing required fields',
      async ({ api }) => {
        const refused = { status: 400, type: 'invalid_request_error' }
        for (const filename of ['a.exe', 'a.gif', 'a.xlsx', 'a.jsonl.zip']) {
          isRefused(await api.upload(plain(filename)), {
            ...refused,
            param: 'file',
            message: /\.pdf, \.txt, \.md, \.docx, /,
          })
        }
        const file = { name: 'file', filename: 'a.txt', content: 'Hello' }
        isRefused(await api.upload([file]), { ...refused, param: 'purpose' })
        isRefused(await api.upload([{ name: 'purpose', content: 'user_data' }]), {
          ...refused,
          param: 'file',
        })
        const text = { purpose: 'vision', filename: 'a.png', content: 'no image' }
        isRefused(await api.upload(text), refused)
      },
    ),
    holds('413file_too_largeFile exceeds 200MB limit', async (world) => {
      const early = await takesUpTo(world.server, world.project.key, 200 * MiB)
      isRefused(early, { status: 413, type: 'file_too_large' })
      const { api } = await world.newProject({ limits: { max_file_bytes: 4 } })
      isRefused(await api.upload(plain('a.txt')), {
        status: 413,
        type: 'file_too_large',
        code: 'file_too_large',
        message: /this project takes at most 4 bytes, .* has 5/,
      })
    }),
    holds('429rate_limit_exceededToo many upload requests', async (world) => {
      const { api } = await world.newProject({ limits: { uploads_per_minute: 1 } })
      await uploaded(api, plain('a.txt'))
      const answer = await api.upload(plain('b.txt'))
      isRefused(answer, {
        status: 429,
        type: 'rate_limit_exceeded',
        code: 'rate_limit_exceeded',
      })
      assert.ok(Number(answer.headers.get('retry-after')) <= 60)
    }),
    holds('500api_errorInternal server error', async (world) => {
      // The one internal error that can be had on purpose: stored bytes that are not there
      const server = await world.ownServer()
      const file = await uploaded(server.api, plain('a.txt'))
      const database = new DatabaseSync(join(server.dataDir, 'custody.db'))
      database.exec("update extents set content = x'00' where place = 'inline'")
      database.close()
      isRefused(await server.api.content(file.id), { status: 500, type: 'api_error' })
    }),
    notObservable(
      'Always validate file size and format before uploading to prevent errors',
      advice,
    ),
    holds('Small files (< 1MB): Upload immediately', async ({ api }) => {
      await uploaded(api, { ...plain('a.txt'), content: Buffer.alloc(MiB - 1, 'x') })
    }),
    notObservable(
      'Medium files (1MB - 10MB): Consider compression for faster uploads',
      advice,
    ),
    holds(
      'Large files (10MB - 200MB): Use chunked upload for reliability',
      async ({ api }) => {
        const content = Buffer.alloc(11 * MiB, 'x')
        const form = clientForms['openai-node with a stream']({
          ...plain('a.txt'),
          content,
        })
        assert.equal(form.chunked, true)
        assert.equal((await uploaded(api, form)).size_bytes, content.length)
      },
    ),
    notObservable('Files > 200MB: Split into smaller parts or compress', advice),
    holds('user_data: General documents and content for RAG', async ({ api }) => {
      for (const name of ['a.pdf', 'a.docx', 'a.md']) await uploaded(api, plain(name))
    }),
    holds('fine-tune: Training datasets in JSONL format', async ({ api }) => {
      await uploaded(api, uploadFor('fine-tune'))
      const csv = { purpose: 'fine-tune', filename: 'a.csv', content: 'a,b\n' }
      isRefused(await api.upload(csv), { status: 400, code: 'invalid_extension' })
    }),
    holds('batch: Multiple requests for batch processing', async ({ api }) => {
      const second = batchLine.replace('"1"', '"2"')
      await uploaded(api, { ...uploadFor('batch'), content: batchLine + second })
      const file = await uploaded(api, uploadFor('batch'))
      assert.equal('expires_at' in file, false, 'no expiry that nobody asked for')
    }),
    holds('vision: Images for vision model processing', async ({ api }) => {
      await uploaded(api, { purpose: 'vision', filename: 'dot.png', content: png })
    }),
    holds('evals: Evaluation datasets and test files', async ({ api }) => {
      await uploaded(api, uploadFor('evals'))
    }),
    notObservable('Always validate and sanitize uploaded files', advice),
    notObservable('if not os.path.exists(file_path):', advice),
    holds('max_size_bytes = max_size_mb * 1024 * 1024', async ({ server, project }) => {
      await takesUpTo(server, project.key, 200 * 1024 * 1024)
    }),
    holds('raise ValueError("File is empty")', async ({ api }) => {
      isRefused(await api.upload({ ...plain('a.txt'), content: '' }), {
        status: 400,
        type: 'invalid_request_error',
        code: 'empty_file',
      })
    }),
    holds('API key authentication.', async ({ server, project, ownServer }) => {
      const bearer = { authorization: `Bearer ${project.key}` }
      const nobody = server.as()
      const call = (headers: Readonly<Record<string, string>>) =>
        nobody.call('GET', '/v1/files', { headers })
      assert.equal((await call(bearer)).status, 200)
      const own = await ownServer()
      for (const key of [undefined, 'sk-wrong']) {
        const answer = await own.as(key).call('GET', '/v1/files')
        isRefused(answer, { status: 401, type: 'invalid_request_error' })
      }
    }),
    holds('Authorization\nstring\nheader\nrequired', async ({ server }) => {
      isRefused(await server.as().call('GET', '/v1/files'), { status: 401 })
    }),
    holds('Body\n\nmultipart/form-data', async ({ api }) => {
      const body = { file: 'Hello', purpose: 'user_data' }
      isRefused(await api.call('POST', '/v1/files', { body }), {
        status: 415,
        code: 'unsupported_media_type',
      })
    }),
    holds('purpose\nenum<string>\nrequired', async ({ api }) => {
      const file = { name: 'file', filename: 'a.txt', content: 'Hello' }
      for (const parts of [[file], [{ name: 'purpose', content: '' }, file]]) {
        isRefused(await api.upload(parts), {
          status: 400,
          code: 'missing_required_parameter',
          param: 'purpose',
        })
      }
    }),
    holds('Available options:\nassistants,\nvision,\nbatch,\nfine-tune', (world) =>
      takesPurposes('assistants', 'vision', 'batch', 'fine-tune')(world),
    ),
    holds('200\n\nFile uploaded successfully', async ({ api }) => {
      assert.equal((await api.upload(plain('a.txt'))).status, 200)
    }),
  ],
}
