import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, temporaryFolder } from '@custody/testkit'
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { refusalOf } from './support/refusal-of.ts'

const server = await startServer(t)
const client = new OpenAI({
  baseURL: `${server.address}/v1`,
  apiKey: server.apiKey,
  maxRetries: 0,
})

const line =
  '{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hello"}]}}\n'
const folder = temporaryFolder(t)
const path = join(folder, 'batch.jsonl')
writeFileSync(path, line)

const sources = {
  'fs.createReadStream': () => createReadStream(path),
  toFile: () => toFile(Buffer.from(line), 'batch.jsonl'),
  File: () => new File([line], 'batch.jsonl', { type: 'application/jsonl' }),
}

for (const [source, open] of Object.entries(sources)) {
  t.test(`the SDK uploads from ${source}, and reads back what it sent`, async (t) => {
    const file = await client.files.create({ file: await open(), purpose: 'batch' })
    t.match(file, {
      id: /^file-[0-9a-f]{32}$/,
      object: 'file',
      bytes: Buffer.byteLength(line),
      filename: 'batch.jsonl',
      purpose: 'batch',
      status: 'processed',
    })
    t.equal(await (await client.files.content(file.id)).text(), line)
  })
}

t.test('the SDK uploads a Blob, which it calls "blob"', async (t) => {
  const file = await client.files.create({
    file: new Blob(['Hello']),
    purpose: 'user_data',
  })
  t.match(file, { filename: 'blob', bytes: 5, purpose: 'user_data' })
})

t.test('the SDK uploads 3 MiB as a stream without a length', async (t) => {
  const large = join(folder, 'large.bin')
  const bytes = Buffer.alloc(3 * 2 ** 20, 'custody')
  writeFileSync(large, bytes)
  const file = await client.files.create({
    file: createReadStream(large),
    purpose: 'user_data',
  })
  t.equal(file.bytes, bytes.length)
  const back = await (await client.files.content(file.id)).arrayBuffer()
  t.ok(bytes.equals(Buffer.from(back)), 'the same bytes')
})

t.test('expires_after of the SDK becomes expires_at', async (t) => {
  const file = await client.files.create({
    file: await toFile(Buffer.from('Hello'), 'hello.txt'),
    purpose: 'user_data',
    expires_after: { anchor: 'created_at', seconds: 3600 },
  })
  t.equal(file.expires_at, file.created_at + 3600)
})

t.test('retrieve, waitForProcessing and delete of the SDK', async (t) => {
  const made = await client.files.create({
    file: await toFile(Buffer.from('Hello'), 'hello.txt'),
    purpose: 'user_data',
  })
  t.same(await client.files.retrieve(made.id), made)
  t.same(await client.files.waitForProcessing(made.id), made, 'it ends at once')
  t.same(await client.files.delete(made.id), {
    id: made.id,
    object: 'file',
    deleted: true,
  })
  t.equal((await refusalOf(client.files.retrieve(made.id))).status, 404)
})

t.test('content comes as text, as bytes and as a stream', async (t) => {
  const text = 'Grüße aus 東京\n'
  const { id } = await client.files.create({
    file: await toFile(Buffer.from(text), 'hello.txt'),
    purpose: 'user_data',
  })
  t.equal(await (await client.files.content(id)).text(), text)
  const bytes = await (await client.files.content(id)).arrayBuffer()
  t.equal(Buffer.from(bytes).toString(), text)
  const { body } = await client.files.content(id)
  const chunks: Uint8Array[] = []
  for await (const chunk of body ?? []) chunks.push(chunk)
  t.equal(Buffer.concat(chunks).toString(), text)
})

t.test('list of the SDK pages by itself, and ends', async (t) => {
  const project = await server.createProject()
  const own = new OpenAI({ baseURL: `${server.address}/v1`, apiKey: project.key })
  const ids: string[] = []
  for (let n = 0; n < 7; n += 1) {
    const { id } = await own.files.create({
      file: await toFile(Buffer.from(`file ${n}`), `${n}.txt`),
      purpose: n % 2 === 0 ? 'user_data' : 'assistants',
    })
    ids.push(id)
  }
  const all = async (query: OpenAI.FileListParams) => {
    const found: string[] = []
    for await (const file of own.files.list(query)) found.push(file.id)
    return found
  }
  t.same(await all({ limit: 2 }), ids.toReversed(), 'newest first')
  t.same(await all({ limit: 2, order: 'asc' }), ids)
  t.same(
    await all({ limit: 2, order: 'asc', purpose: 'user_data' }),
    ids.filter((_, n) => n % 2 === 0),
  )
  t.same(await all({ limit: 7 }), ids.toReversed(), 'a page that is just full')
  t.same(await all({ limit: 2, purpose: 'never_used' }), [])
  t.same(await all({}), ids.toReversed(), 'without a limit')

  const first = await own.files.list({ limit: 2 })
  t.same(
    first.data.map((file) => file.id),
    ids.toReversed().slice(0, 2),
  )
  t.equal(first.has_more, true)
  await own.files.delete(first.data[1]?.id ?? '')
  const next = await first.getNextPage()
  t.same(
    next.data.map((file) => file.id),
    ids.toReversed().slice(2, 4),
    'also when the last file of the page was deleted meanwhile',
  )
})
