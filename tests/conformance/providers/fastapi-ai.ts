import assert from 'node:assert/strict'
import { clientForms } from '@custody/testkit'
import OpenAI, { toFile } from 'openai'
import {
  type AnyFile,
  idsOf,
  isRefused,
  listed,
  MiB,
  replaced,
  shell,
  takesBatchesUpTo200MiB,
  takesUpTo,
  uploaded,
} from '../statements/checks.ts'
import {
  batchLine,
  chatExample,
  completionExample,
  pdf,
  uploadFor,
} from '../statements/samples.ts'
import { holds, notObservable, type Provider } from '../statements/statement.ts'

const note = uploadFor('user_data')
const withFields = (...fields: readonly (readonly [string, string])[]) => ({
  ...note,
  fields,
})
const day = 86_400

/** FastAPI.ai, "Upload file": OpenAI's Files API as documented there. */
export const fastapiAi: Provider = {
  name: 'fastapi-ai',
  document: 'FastAPI.ai, Upload file',
  statements: [
    holds('POST https://api.fastapi.ai/v1/files', async ({ api }) => {
      assert.equal((await api.upload(note)).status, 200)
    }),
    holds('Upload a file that can be used across various endpoints.', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.equal((await api.get(id)).status, 200)
      assert.equal((await api.content(id)).text, note.content)
    }),
    holds('Individual files can be up to 512 MB', async ({ server, project }) => {
      await takesUpTo(server, project.key, 512 * MiB)
    }),
    holds('each project can store up to 2.5 TB of files in total', async (world) => {
      const quotaOf = async (limits: object) => {
        const { api } = await world.newProject({ limits })
        const answer = await api.call('GET', '/v1/usage')
        assert.equal(answer.status, 200, answer.text)
        return answer.json<{ quota_bytes: number }>().quota_bytes
      }
      assert.equal(await quotaOf({}), 2.5 * 2 ** 40)
      assert.equal(await quotaOf({ quota_bytes: 3 }), 3, 'a project’s own goes before it')
    }),
    notObservable(
      'There is no organization-wide storage limit.',
      'no request can show that a limit is nowhere',
    ),
    holds('The Assistants API supports files up to 2 million tokens', async ({ api }) => {
      // Of these, each character is a token
      const content = Buffer.alloc(2_000_001 * 2, '\n!')
      const text = { purpose: 'assistants', filename: 'a.txt' }
      await uploaded(api, { ...text, content: content.subarray(0, 100_000) })
      isRefused(await api.upload({ ...text, content }), {
        status: 400,
        type: 'invalid_request_error',
        message: /has 2000001; at most 2000000 are allowed/,
      })
    }),
    notObservable(
      'and of specific file types',
      'the types are in a guide that this document does not hold',
    ),
    holds('The Fine-tuning API only supports .jsonl files.', async ({ api }) => {
      await uploaded(api, uploadFor('fine-tune'))
      const csv = { purpose: 'fine-tune', filename: 'train.csv', content: 'a,b\n' }
      isRefused(await api.upload(csv), { status: 400, code: 'invalid_extension' })
    }),
    holds(
      'certain required formats for fine-tuning chat or completions models',
      async ({ api }) => {
        const train = (content: string) => ({
          purpose: 'fine-tune',
          filename: 'train.jsonl',
          content,
        })
        await uploaded(api, train(chatExample.repeat(10)))
        await uploaded(api, train(completionExample.repeat(10)))
        isRefused(await api.upload(train('{"text":"Hello"}\n'.repeat(10))), {
          status: 400,
          type: 'invalid_request_error',
          message: /^Line 1: /,
        })
      },
    ),
    holds(
      'The Batch API only supports .jsonl files up to 200 MB in size.',
      async ({ server, project }) => {
        await takesBatchesUpTo200MiB(server, project, batchLine)
      },
    ),
    holds('The input also has a specific required format.', async ({ api }) => {
      const batch = { purpose: 'batch', filename: 'batch.jsonl' }
      await uploaded(api, { ...batch, content: batchLine })
      isRefused(await api.upload({ ...batch, content: '{"custom_id":"1"}\n' }), {
        status: 400,
        type: 'invalid_request_error',
        message: /^Line 1: Missing required parameter/,
      })
    }),
    holds('if you need to increase these storage limits', async (world) => {
      const limits = { max_file_bytes: 600 * MiB, quota_bytes: 3 * 2 ** 40 }
      const { key } = await world.newProject({ limits })
      await takesUpTo(world.server, key, 600 * MiB)
    }),
    holds(
      'files with purpose=batch expire after 30 days and all other files are retained',
      async ({ api }) => {
        const batch = await uploaded(api, uploadFor('batch'))
        assert.equal(batch.expires_at, Number(batch.created_at) + 30 * day)
        for (const purpose of ['assistants', 'fine-tune', 'vision', 'user_data']) {
          const file = await uploaded(api, uploadFor(purpose))
          assert.equal('expires_at' in file, false, purpose)
        }
      },
    ),
    holds('The File object (not file name) to be uploaded.', async ({ api }) => {
      const purpose = { name: 'purpose', content: 'user_data' }
      const name = { name: 'file', content: 'note.txt' }
      const missing = { status: 400, param: 'file' }
      isRefused(await api.upload([purpose, name]), { ...missing, code: 'invalid_type' })
      isRefused(await api.upload([purpose]), {
        ...missing,
        code: 'missing_required_parameter',
      })
    }),
    holds('purpose string Required', async ({ api }) => {
      const file = { name: 'file', filename: 'note.txt', content: 'Hello' }
      isRefused(await api.upload([file]), {
        status: 400,
        code: 'missing_required_parameter',
        param: 'purpose',
      })
    }),
    holds(
      'Use assistants for Assistants API files, batch for Batch API, fine-tune for Fine-tuning, vision for images used in vision fine-tuning, user_data for flexible file storage, and evals for evaluation datasets.',
      async ({ api }) => {
        const purposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data']
        for (const purpose of [...purposes, 'evals']) {
          assert.equal((await uploaded(api, uploadFor(purpose))).purpose, purpose)
        }
        isRefused(await api.upload({ ...note, purpose: 'nonsense' }), {
          status: 400,
          param: 'purpose',
          message: /^'nonsense' is not one of \['assistants', /,
        })
      },
    ),
    holds('expires_after object Optional', async ({ api }) => {
      const file = await uploaded(
        api,
        withFields(
          ['expires_after[anchor]', 'created_at'],
          ['expires_after[seconds]', '7200'],
        ),
      )
      assert.equal(file.expires_at, Number(file.created_at) + 7200)
    }),
    holds('The expiration policy for the file.', async ({ api }) => {
      // The SDKs send two fields; one of JSON says the same
      const json = '{"anchor":"created_at","seconds":7200}'
      const file = await uploaded(api, withFields(['expires_after', json]))
      assert.equal(file.expires_at, Number(file.created_at) + 7200)
    }),
    holds('The expiration anchor. One of created_at.', async ({ api }) => {
      const seconds = ['expires_after[seconds]', '7200'] as const
      const wrong = withFields(['expires_after[anchor]', 'last_active_at'], seconds)
      const refused = { status: 400, param: 'expires_after[anchor]' }
      isRefused(await api.upload(wrong), { ...refused, code: 'invalid_value' })
      isRefused(await api.upload(withFields(seconds)), {
        ...refused,
        code: 'missing_required_parameter',
      })
    }),
    holds(
      'Number of seconds after the anchor time when the file expires. Must be between 3600 (1 hour) and 2592000 (30 days).',
      async ({ api }) => {
        const after = (seconds: string) =>
          api.upload(
            withFields(
              ['expires_after[anchor]', 'created_at'],
              ['expires_after[seconds]', seconds],
            ),
          )
        for (const seconds of [3_600, 2_592_000]) {
          const file = (await after(`${seconds}`)).json<AnyFile>()
          assert.equal(file.expires_at, Number(file.created_at) + seconds)
        }
        const refused = { status: 400, param: 'expires_after[seconds]' }
        const tooLittle = { ...refused, code: 'integer_below_min_value' }
        const tooMuch = { ...refused, code: 'integer_above_max_value' }
        isRefused(await after('3599'), tooLittle)
        isRefused(await after('2592001'), tooMuch)
        isRefused(await after('an hour'), { ...refused, code: 'invalid_type' })
      },
    ),
    holds('seconds integer Required', async ({ api }) => {
      const anchor = withFields(['expires_after[anchor]', 'created_at'])
      isRefused(await api.upload(anchor), {
        status: 400,
        code: 'missing_required_parameter',
        param: 'expires_after[seconds]',
      })
    }),
    holds('The uploaded File object.', async ({ api }) => {
      assert.equal((await uploaded(api, note)).filename, note.filename)
    }),
    holds('Returns the File object.', async ({ api }) => {
      const file = await uploaded(api, note)
      assert.deepEqual((await api.get(file.id)).json(), file)
    }),
    notObservable(
      'The File object represents a document that has been uploaded to OpenAI.',
      'it is uploaded here',
    ),
    holds(
      'The file identifier, which can be referenced in the API endpoints.',
      async ({ api }) => {
        const { id } = await uploaded(api, note)
        assert.equal((await api.get(id)).json().id, id)
        assert.equal((await api.content(id)).status, 200)
        assert.deepEqual((await api.delete(id)).json(), {
          id,
          object: 'file',
          deleted: true,
        })
        isRefused(await api.get(id), { status: 404, param: 'id' })
      },
    ),
    holds('The size of the file, in bytes.', async ({ api }) => {
      const content = Buffer.alloc(120_000, 'x')
      assert.equal((await uploaded(api, { ...note, content })).bytes, 120_000)
    }),
    holds(
      'The Unix timestamp (in seconds) for when the file was created.',
      async ({ api }) => {
        const { created_at } = await uploaded(api, note)
        assert.ok(Math.abs(Number(created_at) - Date.now() / 1000) < 60)
      },
    ),
    holds(
      'The Unix timestamp (in seconds) for when the file will expire.',
      async ({ api }) => {
        const file = await uploaded(api, uploadFor('batch'))
        assert.ok(Number(file.expires_at) > Number(file.created_at))
      },
    ),
    holds('The name of the file.', async ({ api }) => {
      const file = await uploaded(api, { ...note, filename: 'salesOverview.pdf' })
      assert.equal(file.filename, 'salesOverview.pdf')
    }),
    holds('The object type, which is always file.', async (world) => {
      const { api } = await world.newProject()
      for (const purpose of ['assistants', 'batch']) {
        assert.equal((await uploaded(api, uploadFor(purpose))).object, 'file')
      }
      for (const { object } of (await listed(api)).data) assert.equal(object, 'file')
    }),
    holds(
      'Supported values are assistants, assistants_output, batch, batch_output, fine-tune, fine-tune-results, vision, and user_data.',
      async (world) => {
        const engine = await world.newProject({
          scopes: ['inference', 'api.files.write_output'],
        })
        for (const purpose of ['assistants', 'batch', 'fine-tune', 'vision']) {
          assert.equal((await uploaded(engine.api, uploadFor(purpose))).purpose, purpose)
        }
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
    holds(
      'The current status of the file, which can be either uploaded, processed, or error.',
      async ({ api }) => {
        assert.equal((await uploaded(api, note)).status, 'processed')
      },
    ),
    notObservable(
      'For details on why a fine-tuning training file failed validation, see the error field on fine_tuning.job.',
      'fine-tuning jobs are outside this service; a wrong file is refused when it is uploaded',
    ),
    holds('"id": "file-abc123"', async ({ api }) => {
      assert.match((await uploaded(api, note)).id, /^file-[0-9a-f]{32}$/)
    }),
    holds('"expires_at": 1680202602', async ({ api }) => {
      // 30 days after the "created_at" that is printed above it
      const fields = [
        ['expires_after[anchor]', 'created_at'],
        ['expires_after[seconds]', '2592000'],
      ] as const
      const file = await uploaded(api, { ...uploadFor('assistants'), fields })
      const printed = 1_680_202_602 - 1_677_610_602
      assert.equal(Number(file.expires_at) - Number(file.created_at), printed)
    }),
    holds('"purpose": "assistants"', async ({ api }) => {
      const upload = {
        purpose: 'assistants',
        filename: 'salesOverview.pdf',
        content: pdf,
      }
      const file = await uploaded(api, clientForms['openai-python'](upload))
      assert.deepEqual(
        { ...file, id: 'file-abc123', created_at: 1_677_610_602 },
        {
          id: 'file-abc123',
          object: 'file',
          bytes: pdf.length,
          created_at: 1_677_610_602,
          filename: 'salesOverview.pdf',
          purpose: 'assistants',
          status: 'processed',
          status_details: null,
        },
      )
    }),
    holds('curl https://api.fastapi.ai/v1/files', async ({ server, project }) => {
      const answer = await shell(
        replaced(
          `curl https://api.fastapi.ai/v1/files \\
  -H "Authorization: Bearer $FAST_API_KEY" \\
  -F purpose="fine-tune" \\
  -F file="@mydata.jsonl" \\
  -F expires_after[anchor]="created_at" \\
  -F expires_after[seconds]=2592000`,
          ['https://api.fastapi.ai', server.address],
          ['$FAST_API_KEY', project.key],
        ),
        { 'mydata.jsonl': chatExample.repeat(10) },
      )
      const file: AnyFile = JSON.parse(answer)
      assert.equal(file.filename, 'mydata.jsonl')
      assert.equal(file.purpose, 'fine-tune')
      // The answer that the document prints beside it is an hour later, which is not what it asks for
      assert.equal(file.expires_at, Number(file.created_at) + 2_592_000)
    }),
    holds('"filename": "mydata.jsonl"', async (world) => {
      const { api, key } = await world.newProject()
      const client = new OpenAI({ baseURL: `${world.server.address}/v1`, apiKey: key })
      const file = await client.files.create({
        file: await toFile(Buffer.from(chatExample.repeat(10)), 'mydata.jsonl'),
        purpose: 'fine-tune',
        expires_after: { anchor: 'created_at', seconds: 3_600 },
      })
      assert.equal(file.filename, 'mydata.jsonl')
      assert.equal(file.expires_at, file.created_at + 3_600)
      assert.deepEqual(idsOf(await listed(api)), [file.id])
    }),
  ],
}
