import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { type AnyFile, idsOf, isRefused, listed, uploaded } from '../statements/checks.ts'
import { uploadFor } from '../statements/samples.ts'
import { holds, type Provider } from '../statements/statement.ts'
import type { World } from '../statements/world.ts'

const note = uploadFor('user_data')
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A project with so many files. @returns its client, and the ids, newest first */
async function projectWith(world: World, files: number) {
  const { api, key } = await world.newProject()
  const ids: string[] = []
  for (let n = 0; n < files; n += 1) ids.unshift((await uploaded(api, note)).id)
  return { api, key, ids }
}

const getsOf = async (world: World): Promise<AnyFile> => {
  const { id } = await uploaded(world.api, note)
  return (await world.api.get(id)).json<AnyFile>()
}

/** Platform, "Files". */
export const platform: Provider = {
  name: 'platform',
  document: 'Platform, Files',
  statements: [
    holds(
      'List files owned by the authenticated project, optionally filtered by purpose.',
      async (world) => {
        const { api, ids } = await projectWith(world, 2)
        const training = await uploaded(api, { ...note, purpose: 'training' })
        assert.deepEqual(idsOf(await listed(api)), [training.id, ...ids])
        assert.deepEqual(idsOf(await listed(api, 'purpose=training')), [training.id])
        const other = await world.newProject()
        assert.deepEqual(idsOf(await listed(other.api)), [], 'nothing of another project')
      },
    ),
    holds('API key in Authorization header using Bearer .', async (world) => {
      const { server, project } = world
      const headers = { authorization: `Bearer ${project.key}` }
      assert.equal((await server.as().call('GET', '/v1/files', { headers })).status, 200)
      isRefused(await (await world.ownServer()).as().call('GET', '/v1/files'), {
        status: 401,
        type: 'invalid_request_error',
      })
    }),
    holds('stringOptional\nor\nnullOptional', async ({ api }) => {
      await uploaded(api, note)
      assert.equal((await listed(api)).data.length > 0, true, 'it may be left out')
      isRefused(await api.call('GET', '/v1/files?purpose=a&purpose=b'), {
        status: 400,
        code: 'duplicate_parameter',
        param: 'purpose',
      })
    }),
    holds('Filter by purpose', async (world) => {
      const { api, ids } = await projectWith(world, 1)
      assert.deepEqual(idsOf(await listed(api, 'purpose=user_data')), ids)
      const none = await listed(api, 'purpose=never_used')
      assert.deepEqual(none.data, [])
      assert.equal(none.total, 0)
    }),
    holds('limitinteger · min: 1 · max: 1000Optional', async ({ api }) => {
      assert.equal((await api.call('GET', '/v1/files?limit=1')).status, 200)
      assert.equal((await api.call('GET', '/v1/files?limit=1000')).status, 200)
      const refused = { status: 400, type: 'invalid_request_error', param: 'limit' }
      for (const limit of ['0', '1001', 'abc', '']) {
        isRefused(await api.call('GET', `/v1/files?limit=${limit}`), refused)
      }
    }),
    holds('Max number of files.', async (world) => {
      const { api, ids } = await projectWith(world, 3)
      assert.deepEqual(idsOf(await listed(api, 'limit=2')), ids.slice(0, 2))
    }),
    holds('Default: 100', async (world) => {
      const { api, ids } = await projectWith(world, 101)
      const page = await listed(api)
      assert.deepEqual(idsOf(page), ids.slice(0, 100))
      assert.equal(page.has_more, true)
    }),
    holds('offsetintegerOptional', async ({ api }) => {
      const refused = { status: 400, type: 'invalid_request_error', param: 'offset' }
      for (const offset of ['-1', 'abc', '1.5', '']) {
        isRefused(await api.call('GET', `/v1/files?offset=${offset}`), refused)
      }
    }),
    holds('Number of files to skip.', async (world) => {
      const { api, ids } = await projectWith(world, 5)
      assert.deepEqual(idsOf(await listed(api, 'offset=2&limit=2')), ids.slice(2, 4))
      assert.deepEqual(idsOf(await listed(api, 'offset=5')), [])
      const inOrder = await listed(api, 'order=asc&offset=1&limit=1')
      assert.deepEqual(idsOf(inOrder), ids.slice(3, 4))
      const both = await api.call('GET', `/v1/files?offset=1&after=${ids[0]}`)
      isRefused(both, { status: 400, param: 'offset', message: /'after'/ })
    }),
    holds('Default: 0', async (world) => {
      const { api, ids } = await projectWith(world, 2)
      assert.deepEqual(idsOf(await listed(api)), ids)
      assert.deepEqual(idsOf(await listed(api, 'offset=0')), ids)
    }),
    holds('OpenAI-compatible list response for files.', async (world) => {
      const { key, ids } = await projectWith(world, 3)
      const client = new OpenAI({ baseURL: `${world.server.address}/v1`, apiKey: key })
      const found: string[] = []
      for await (const { id } of client.files.list({ limit: 2 })) found.push(id)
      assert.deepEqual(found, ids, 'the SDK pages by cursor to the end')
    }),
    holds('objectconst: listOptional', async ({ api }) => {
      assert.equal((await listed(api)).object, 'list')
    }),
    holds('Default: list', async (world) => {
      const { api } = await world.newProject()
      assert.equal((await listed(api)).object, 'list', 'of an empty list, too')
    }),
    holds('totalintegerRequired', async (world) => {
      const { api } = await world.newProject()
      assert.equal((await listed(api)).total, 0)
    }),
    holds('Total number of items available for this resource.', async (world) => {
      const { api, ids } = await projectWith(world, 3)
      await uploaded(api, { ...note, purpose: 'training' })
      const totalOf = async (query: string) => (await listed(api, query)).total
      assert.equal(await totalOf('limit=1'), 4)
      assert.equal(await totalOf('limit=1&offset=3'), 4)
      assert.equal(await totalOf('purpose=training'), 1)
      assert.equal(await totalOf(`after=${ids[0]}`), 4)
      await api.delete(ids[0] ?? '')
      assert.equal(await totalOf(''), 3, 'without those that were deleted')
    }),
    holds(
      'This endpoint accepts a file and a purpose, and uploads the file to the platform',
      async ({ api }) => {
        const { id } = await uploaded(api, note)
        assert.equal((await api.content(id)).text, note.content)
      },
    ),
    holds('for later use in training or evaluation', async ({ api }) => {
      for (const purpose of ['training', 'evaluation', 'x'.repeat(64), 'batch_output']) {
        assert.equal((await uploaded(api, { ...note, purpose })).purpose, purpose)
      }
      isRefused(await api.upload({ ...note, purpose: 'x'.repeat(65) }), {
        status: 400,
        param: 'purpose',
        message: /at most 64 characters, but got 65/,
      })
      const known = { purpose: 'fine-tune', filename: 'a.txt', content: 'Hello' }
      isRefused(await api.upload(known), { status: 400, code: 'invalid_extension' })
      assert.equal((await uploaded(api, uploadFor('fine-tune'))).purpose, 'fine-tune')
    }),
    holds('purposestringRequired', async ({ api }) => {
      const file = { name: 'file', filename: 'a.txt', content: 'Hello' }
      isRefused(await api.upload([file]), { status: 400, param: 'purpose' })
    }),
    holds('filestring · binaryRequired', async ({ api }) => {
      isRefused(await api.upload([{ name: 'purpose', content: 'training' }]), {
        status: 400,
        param: 'file',
      })
    }),
    holds(
      'Fetch metadata for a single file by id within the authenticated project.',
      async (world) => {
        const file = await uploaded(world.api, note)
        assert.deepEqual((await world.api.get(file.id)).json(), file)
        const other = await world.newProject()
        isRefused(await other.api.get(file.id), { status: 404, param: 'id' })
      },
    ),
    holds('file_idstringRequired', async ({ api }) => {
      isRefused(await api.call('GET', '/v1/files/'), { status: 404 })
      isRefused(await api.call('DELETE', '/v1/files/'), { status: 404 })
    }),
    holds('idstringRequired', async (world) => {
      assert.equal(typeof (await getsOf(world)).id, 'string')
    }),
    holds('File id (UUID)', async (world) => {
      const { api, ids } = await projectWith(world, 1)
      for (const id of ids) {
        assert.match(id, uuid)
        const page = await listed(api)
        assert.equal(page.first_id, id)
        assert.equal(page.last_id, id)
        const prefixed = `file-${id.replaceAll('-', '')}`
        assert.equal(
          (await api.get(prefixed)).json().id,
          id,
          'OpenAI’s form is understood',
        )
        isRefused(await api.get('file-abc123'), {
          status: 404,
          message: /No such File object: file-abc123$/,
        })
      }
    }),
    holds('OpenAI-compatible file object (subset).', async (world) => {
      const file = await getsOf(world)
      for (const member of ['id', 'object', 'bytes', 'created_at', 'filename']) {
        assert.ok(member in file, member)
      }
    }),
    holds(
      'We keep id as the DB UUID string, and expose the OpenAI-ish envelope.',
      async (world) => {
        const { id } = await getsOf(world)
        assert.match(id, uuid)
        const { stdout } = await world.server.custody('audit', 'show', id)
        assert.match(stdout, /FileUploaded/, 'it is the id that the log knows')
      },
    ),
    holds('objectconst: fileOptional', async (world) => {
      assert.equal((await getsOf(world)).object, 'file')
    }),
    holds('Default: file', async ({ api }) => {
      assert.equal((await uploaded(api, note)).object, 'file')
    }),
    holds('Original filename.', async ({ api }) => {
      const file = await uploaded(api, { ...note, filename: 'Übung 1.txt' })
      assert.equal(file.filename, 'Übung 1.txt')
    }),
    holds('bytesintegerRequired', async (world) => {
      assert.equal((await getsOf(world)).bytes, 5)
    }),
    holds('created_atintegerRequired', async (world) => {
      const { created_at } = await getsOf(world)
      assert.ok(Math.abs(Number(created_at) - Date.now() / 1000) < 60)
    }),
    holds('filenamestringRequired', async (world) => {
      assert.equal((await getsOf(world)).filename, 'note.txt')
    }),
    holds('Intended file purpose.', async (world) => {
      assert.equal((await getsOf(world)).purpose, 'user_data')
    }),
    holds('statusstringRequired', async (world) => {
      assert.equal((await getsOf(world)).status, 'processed')
    }),
    holds('status_detailsany ofOptional', async (world) => {
      assert.equal((await getsOf(world)).status_details, null)
    }),
    holds('Soft-delete a file by id within the authenticated project.', async (world) => {
      const { api, ids } = await projectWith(world, 3)
      const [, middle = '', oldest] = ids
      assert.equal((await api.delete(middle)).status, 200)
      isRefused(await api.get(middle), { status: 404 })
      isRefused(await api.content(middle), { status: 404 })
      isRefused(await api.delete(middle), { status: 404 })
      const after = await listed(api, `after=${middle}`)
      assert.deepEqual(idsOf(after), [oldest], 'its place in the list stays known')
      const { stdout } = await world.server.custody('audit', 'show', middle)
      assert.match(stdout, /FileUploaded.*FileDeleted/s, 'and what happened to it')
      const other = await world.newProject()
      isRefused(await other.api.delete(`${oldest}`), { status: 404 })
    }),
    holds('OpenAI-compatible delete response.', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.deepEqual((await api.delete(id)).json(), {
        id,
        object: 'file',
        deleted: true,
      })
    }),
    holds('deletedbooleanOptional', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.equal((await api.delete(id)).json<AnyFile>().deleted, true)
    }),
    holds(
      'Download the raw contents of a file by id within the authenticated project.',
      async (world) => {
        const { id } = await uploaded(world.api, note)
        assert.equal((await world.api.content(id)).text, note.content)
        const other = await world.newProject()
        isRefused(await other.api.content(id), { status: 404, param: 'id' })
      },
    ),
    holds('Default: true', async ({ api }) => {
      const { id } = await uploaded(api, note)
      assert.equal((await api.delete(id)).json<AnyFile>().deleted, true)
      isRefused(await api.delete(id), { status: 404 })
    }),
    holds('Raw file bytes', async ({ api }) => {
      const image = uploadFor('vision')
      const { id } = await uploaded(api, image)
      assert.deepEqual((await api.content(id)).bytes, image.content)
    }),
  ],
}
