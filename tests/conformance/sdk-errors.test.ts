import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, temporaryFolder } from '@custody/testkit'
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  toFile,
} from 'openai'
import t from 'tap'
import { refusalOf } from './support/refusal-of.ts'

const MiB = 2 ** 20
const server = await startServer(t)
const clientWith = (apiKey: string) =>
  new OpenAI({ baseURL: `${server.address}/v1`, apiKey })
const client = clientWith(server.apiKey)

const hello = () => toFile(Buffer.from('Hello'), 'hello.txt')

t.test(
  'a wrong file is a BadRequestError with code, param and every issue',
  async (t) => {
    const file = await toFile(Buffer.from('{"custom_id":"1"}\n{nope\n'), 'batch.jsonl')
    const error = await refusalOf(client.files.create({ file, purpose: 'batch' }))
    t.ok(error instanceof BadRequestError)
    t.match(error, {
      status: 400,
      type: 'invalid_request_error',
      code: 'missing_required_parameter',
      param: 'method',
      message: /Line 1: .*\(and \d+ more issues\)/,
      error: { issues: [{ line: 1 }] },
    })
  },
)

t.test('an unknown purpose is a BadRequestError with param "purpose"', async (t) => {
  const error = await refusalOf(
    // @ts-expect-error the SDK's types know which purposes there are
    client.files.create({ file: await hello(), purpose: 'nonsense' }),
  )
  t.ok(error instanceof BadRequestError)
  t.match(error, { status: 400, code: null, param: 'purpose' })
})

t.test('a file that is not there is a NotFoundError with param "id"', async (t) => {
  for (const call of [
    () => client.files.retrieve('file-abc123'),
    () => client.files.delete('file-abc123'),
    () => client.files.content('file-abc123'),
  ]) {
    const error = await refusalOf(call())
    t.ok(error instanceof NotFoundError)
    t.match(error, {
      status: 404,
      code: null,
      param: 'id',
      message: '404 No such File object: file-abc123',
    })
  }
})

t.test(
  'an empty id is a NotFoundError, and never the list or a bulk delete',
  async (t) => {
    const kept = await client.files.create({ file: await hello(), purpose: 'user_data' })
    t.ok((await refusalOf(client.files.retrieve(''))) instanceof NotFoundError)
    t.ok((await refusalOf(client.files.delete(''))) instanceof NotFoundError)
    t.equal((await client.files.retrieve(kept.id)).id, kept.id, 'nothing was deleted')
  },
)

t.test('a wrong key is an AuthenticationError', async (t) => {
  const error = await refusalOf(clientWith('sk-wrong').files.list())
  t.ok(error instanceof AuthenticationError)
  t.match(error, { status: 401, code: 'invalid_api_key' })
})

t.test('a missing scope is a PermissionDeniedError that names the scope', async (t) => {
  const { key } = await server.createProject({ scopes: ['api.files.read'] })
  const reader = clientWith(key)
  const error = await refusalOf(
    reader.files.create({ file: await hello(), purpose: 'user_data' }),
  )
  t.ok(error instanceof PermissionDeniedError)
  t.match(error, {
    status: 403,
    code: 'insufficient_permissions',
    message: /api\.files\.write/,
  })
  t.same((await reader.files.list()).data, [], 'what it may do works')
})

t.test('errors of the SDK carry the id of the request', async (t) => {
  const error = await refusalOf(client.files.retrieve('file-abc123'))
  t.match(error.requestID, /^req_[0-9a-f]{32}$/)
})

t.test('the SDK sees the 413 of a body that is refused early', async (t) => {
  const { key } = await server.createProject({ limits: { max_file_bytes: MiB } })
  const limited = clientWith(key)
  const bytes = Buffer.alloc(42 * MiB, 'custody')
  const path = join(temporaryFolder(t), 'large.bin')
  writeFileSync(path, bytes)
  const sources = {
    'with a length': async () => new File([bytes], 'large.bin'),
    'as a stream': async () => createReadStream(path),
  }
  for (const [how, open] of Object.entries(sources)) {
    const error = await refusalOf(
      limited.files.create({ file: await open(), purpose: 'user_data' }),
    )
    t.match(error, { status: 413, code: 'file_too_large', message: /1 MiB/ }, how)
  }
  const small = await limited.files.create({ file: await hello(), purpose: 'user_data' })
  t.equal(small.bytes, 5, 'and the client goes on')
})
