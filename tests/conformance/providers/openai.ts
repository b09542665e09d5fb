import assert from 'node:assert/strict'
import OpenAI, { toFile } from 'openai'
import {
  type AnyFile,
  idsOf,
  isRefused,
  listed,
  MiB,
  takesBatchesUpTo200MiB,
  takesUpTo,
  uploaded,
} from '../statements/checks.ts'
import {
  batchLine,
  chatExample,
  completionExample,
  uploadFor,
} from '../statements/samples.ts'
import { holds, notObservable, type Provider } from '../statements/statement.ts'
import type { World } from '../statements/world.ts'

const note = uploadFor('user_data')
const day = 86_400

const takes = (purpose: string) => async (world: World) => {
  assert.equal((await uploaded(world.api, uploadFor(purpose))).purpose, purpose)
}

const clientOf = ({ server, project }: World) =>
  new OpenAI({ baseURL: `${server.address}/v1`, apiKey: project.key, maxRetries: 0 })

/** OpenAI's Files API, in the words of its SDK's types. */
export const openai: Provider = {
  name: 'openai',
  document: 'npm openai 7.55.0, resources/files.d.mts',
  statements: [
    notObservable(
      'Files are used to upload documents that can be used with features like Assistants and Fine-tuning.',
      'the features that use files are outside this service',
    ),
    holds('Upload a file that can be used across various endpoints.', async (world) => {
      const file = await clientOf(world).files.create({
        file: await toFile(Buffer.from('Hello'), 'hello.txt'),
        purpose: 'user_data',
      })
      assert.equal((await world.api.content(file.id)).text, 'Hello')
    }),
    holds('Individual files can be up to 512 MB', async ({ server, project }) => {
      await takesUpTo(server, project.key, 512 * MiB)
    }),
    holds('each project can store up to 2.5 TB of files in total.', async (world) => {
      const { api } = await world.newProject({ limits: { quota_bytes: 2.5 * 2 ** 40 } })
      const answer = await api.call('GET', '/v1/usage')
      assert.equal(answer.json<{ quota_bytes: number }>().quota_bytes, 2.5 * 2 ** 40)
      const free = await world.api.call('GET', '/v1/usage')
      const { quota_bytes } = free.json<{ quota_bytes: number | null }>()
      assert.equal(quota_bytes, null, 'who hosts it bounds it')
    }),
    notObservable(
      'There is no organization-wide storage limit.',
      'no request can show that a limit is nowhere',
    ),
    holds(
      'Uploads to this endpoint are rate-limited to 1,000 requests per minute per authenticated user.',
      async (world) => {
        const { api } = await world.newProject({ limits: { uploads_per_minute: 1_000 } })
        const limited = await api.upload(note)
        assert.equal(limited.headers.get('x-ratelimit-limit-requests'), '1000')
        const free = await world.api.upload(note)
        const header = free.headers.get('x-ratelimit-limit-requests')
        assert.equal(header, null, 'who hosts it sets the rate')
      },
    ),
    holds('The Assistants API supports files up to 2 million tokens', async ({ api }) => {
      const content = Buffer.alloc(2_000_001 * 2, '\n!')
      isRefused(await api.upload({ purpose: 'assistants', filename: 'a.txt', content }), {
        status: 400,
        message: /has 2000001; at most 2000000 are allowed/,
      })
    }),
    holds('The Fine-tuning API only supports `.jsonl` files.', async ({ api }) => {
      const text = { purpose: 'fine-tune', filename: 'a.txt', content: chatExample }
      isRefused(await api.upload(text), { status: 400, code: 'invalid_extension' })
    }),
    holds(
      'The input also has certain required formats for fine-tuning',
      async ({ api }) => {
        const train = { purpose: 'fine-tune', filename: 'train.jsonl' }
        await uploaded(api, { ...train, content: chatExample.repeat(10) })
        await uploaded(api, { ...train, content: completionExample.repeat(10) })
        const wrong = { ...train, content: '{"text":"Hello"}\n'.repeat(10) }
        isRefused(await api.upload(wrong), { status: 400, message: /^Line 1: / })
      },
    ),
    holds(
      'The Batch API only supports `.jsonl` files up to 200 MB in size.',
      async ({ server, project }) => {
        await takesBatchesUpTo200MiB(server, project, batchLine)
      },
    ),
    holds('The input also has a specific required', async ({ api }) => {
      const batch = { purpose: 'batch', filename: 'a.jsonl', content: '{}\n' }
      isRefused(await api.upload(batch), { status: 400, message: /^Line 1: / })
    }),
    notObservable(
      'attach multiple uploaded files to the same vector store',
      'vector stores are outside this service',
    ),
    holds('if you need to increase these storage limits.', async (world) => {
      const limits = { max_file_bytes: 600 * MiB }
      const { key } = await world.newProject({ limits })
      await takesUpTo(world.server, key, 600 * MiB)
    }),
    holds('Returns information about a specific file.', async (world) => {
      const file = await uploaded(world.api, note)
      const found = await clientOf(world).files.retrieve(file.id)
      assert.deepEqual({ ...found }, file)
    }),
    holds('Returns a list of files.', async (world) => {
      const { api } = await world.newProject()
      const file = await uploaded(api, note)
      assert.deepEqual(await listed(api), {
        object: 'list',
        data: [file],
        first_id: file.id,
        last_id: file.id,
        has_more: false,
      })
    }),
    holds('Delete a file', async (world) => {
      const { id } = await uploaded(world.api, note)
      const deleted = await clientOf(world).files.delete(id)
      assert.deepEqual({ ...deleted }, { id, object: 'file', deleted: true })
      isRefused(await world.api.get(id), { status: 404, param: 'id', code: null })
    }),
    notObservable(
      'remove it from all vector stores.',
      'vector stores are outside this service',
    ),
    holds(
      'Returns a response containing the contents of the specified file.',
      async (world) => {
        const { id } = await uploaded(world.api, note)
        const content = await clientOf(world).files.content(id)
        assert.equal(await content.text(), note.content)
      },
    ),
    holds('Waits for the given file to be processed', async (world) => {
      const { id } = await uploaded(world.api, note)
      const file = await clientOf(world).files.waitForProcessing(id)
      assert.equal(file.status, 'processed')
    }),
    holds(
      'The file identifier, which can be referenced in the API endpoints.',
      async ({ api }) => {
        const { id } = await uploaded(api, note)
        assert.match(id, /^file-[0-9a-f]{32}$/)
        assert.equal((await api.get(id)).json().id, id)
      },
    ),
    holds('The size of the file, in bytes.', async ({ api }) => {
      assert.equal((await uploaded(api, note)).bytes, 5)
    }),
    holds(
      'The Unix timestamp (in seconds) for when the file was created.',
      async ({ api }) => {
        const { created_at } = await uploaded(api, note)
        assert.ok(Math.abs(Number(created_at) - Date.now() / 1000) < 60)
      },
    ),
    holds('The name of the file.', async ({ api }) => {
      assert.equal((await uploaded(api, note)).filename, note.filename)
    }),
    holds('The object type, which is always `file`.', async ({ api }) => {
      assert.equal((await uploaded(api, note)).object, 'file')
    }),
    holds(
      'Supported values are `assistants`, `assistants_output`, `batch`, `batch_output`, `fine-tune`, `fine-tune-results`, `vision`, and `user_data`.',
      async (world) => {
        const scopes = ['inference', 'api.files.write_output']
        const engine = await world.newProject({ scopes })
        for (const purpose of [
          'assistants_output',
          'batch_output',
          'fine-tune-results',
        ]) {
          const output = { purpose, filename: 'out.jsonl', content: '{}\n' }
          assert.equal((await uploaded(engine.api, output)).purpose, purpose)
          isRefused(await world.api.upload(output), { status: 400, param: 'purpose' })
        }
      },
    ),
    holds('`uploaded`, `processed`, or `error`.', async ({ api }) => {
      assert.equal((await uploaded(api, note)).status, 'processed')
    }),
    holds(
      'The Unix timestamp (in seconds) for when the file will expire.',
      async ({ api }) => {
        const fields = [
          ['expires_after[anchor]', 'created_at'],
          ['expires_after[seconds]', '3600'],
        ] as const
        const file = await uploaded(api, { ...note, fields })
        assert.equal(file.expires_at, Number(file.created_at) + 3_600)
      },
    ),
    notObservable(
      'see the `error` field on `fine_tuning.job`.',
      'fine-tuning jobs are outside this service',
    ),
    holds('`assistants`: Used in the Assistants API', takes('assistants')),
    holds('`batch`: Used in the Batch API', takes('batch')),
    holds('`fine-tune`: Used for fine-tuning', takes('fine-tune')),
    holds('`vision`: Images used for vision fine-tuning', takes('vision')),
    holds('`user_data`: Flexible file type for any purpose', takes('user_data')),
    holds('`evals`: Used for eval data sets', takes('evals')),
    holds('The File object (not file name) to be uploaded.', async ({ api }) => {
      const text = [
        { name: 'purpose', content: 'user_data' },
        { name: 'file', content: 'note.txt' },
      ]
      isRefused(await api.upload(text), { status: 400, param: 'file' })
    }),
    holds(
      'By default, files with `purpose=batch` expire after 30 days and all other files are persisted until they are manually deleted.',
      async ({ api }) => {
        const batch = await uploaded(api, uploadFor('batch'))
        assert.equal(batch.expires_at, Number(batch.created_at) + 30 * day)
        assert.equal('expires_at' in (await uploaded(api, note)), false)
      },
    ),
    holds(
      'Anchor timestamp after which the expiration policy applies. Supported anchors: `created_at`.',
      async ({ api }) => {
        const fields = [
          ['expires_after[anchor]', 'now'],
          ['expires_after[seconds]', '3600'],
        ] as const
        isRefused(await api.upload({ ...note, fields }), {
          status: 400,
          code: 'invalid_value',
          param: 'expires_after[anchor]',
        })
      },
    ),
    holds(
      'The number of seconds after the anchor time that the file will expire. Must be between 3600 (1 hour) and 2592000 (30 days).',
      async ({ api }) => {
        const after = (seconds: number) =>
          api.upload({
            ...note,
            fields: [
              ['expires_after[anchor]', 'created_at'],
              ['expires_after[seconds]', `${seconds}`],
            ],
          })
        for (const seconds of [3_600, 2_592_000]) {
          const file = (await after(seconds)).json<AnyFile>()
          assert.equal(file.expires_at, Number(file.created_at) + seconds)
        }
        const refused = { status: 400, param: 'expires_after[seconds]' }
        isRefused(await after(3_599), refused)
        isRefused(await after(2_592_001), refused)
      },
    ),
    holds(
      'Sort order by the `created_at` timestamp of the objects. `asc` for ascending order and `desc` for descending order.',
      async (world) => {
        const { api } = await world.newProject()
        const older = await uploaded(api, note)
        const newer = await uploaded(api, note)
        assert.deepEqual(idsOf(await listed(api, 'order=asc')), [older.id, newer.id])
        assert.deepEqual(idsOf(await listed(api, 'order=desc')), [newer.id, older.id])
      },
    ),
    holds('Only return files with the given purpose.', async (world) => {
      const { api } = await world.newProject()
      const file = await uploaded(api, uploadFor('evals'))
      await uploaded(api, note)
      assert.deepEqual(idsOf(await listed(api, 'purpose=evals')), [file.id])
    }),
  ],
}
