import t, { type Test } from 'tap'
import { uploadLimits } from '../../../domain/src/index.ts'
import {
  dueUploads,
  findExtent,
  findGarbage,
  findPendingBytes,
  findUpload,
  findUploadOf,
  isGarbage,
  listUploadParts,
  nextUploadDeadline,
} from '../../src/index.ts'
import { createProject, openIndex, type TestIndex } from '../fixtures/open-index.ts'

const HOUR = 3600
const sha256 = 'a'.repeat(64)

async function create(index: TestIndex, bytes = 100, project?: string): Promise<string> {
  const upload = index.newId()
  await index.ask(
    {
      type: 'CreateUpload',
      upload,
      purpose: 'batch',
      bytes,
      filename: 'a.jsonl',
      metadata: { team: 'north' },
      declaredType: 'text/jsonl',
      fileExpiresAfter: null,
    },
    project,
  )
  return upload
}

async function add(
  index: TestIndex,
  upload: string,
  bytes: number,
  project?: string,
): Promise<string> {
  const part = index.newId()
  const place = { place: 'disk', format: 'plain', storedBytes: bytes } as const
  const command = { type: 'AddPart', upload, idAsSent: upload, part, bytes } as const
  await index.ask({ ...command, sha256, place }, project)
  return part
}

async function complete(
  index: TestIndex,
  upload: string,
  parts: readonly string[],
  bytes: number,
): Promise<string> {
  const file = index.newId()
  await index.ask({
    type: 'CompleteUpload',
    upload,
    idAsSent: upload,
    file: {
      type: 'UploadFile',
      file,
      purpose: 'batch',
      bytes,
      expiry: null,
      filename: 'a.jsonl',
      sha256,
      declaredType: null,
      extents: parts.map((id) => ({ id, bytes: bytes / parts.length, sha256 })),
      facts: {},
      validatedBy: [],
    },
  })
  return file
}

const cancel = (index: TestIndex, upload: string) =>
  index.ask({ type: 'CancelUpload', upload, idAsSent: upload })
const expire = (index: TestIndex, upload: string) =>
  index.ask({ type: 'ExpireUpload', upload })
const garbageOf = async ({ log }: TestIndex) =>
  (await findGarbage(log.reader.sql, { after: '', limit: 100 })).map((row) => row.extent)

async function sameAsReplay(t: Test, index: TestIndex): Promise<void> {
  t.equal((await index.replay()).difference, undefined, 'the index is what the log says')
}

t.test('parts are listed in the order in which they came', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const upload = await create(index)
  const parts = [await add(index, upload, 40), await add(index, upload, 60)]
  t.match(await listUploadParts(sql, upload), [
    { id: parts[0], upload, bytes: 40, sha256 },
    { id: parts[1], upload, bytes: 60, sha256 },
  ])
  t.match(await findUpload(sql, upload), {
    filename: 'a.jsonl',
    metadata: { team: 'north' },
    partCount: 2,
    partBytes: 100,
    expiresAt: index.now() + HOUR,
    ended: null,
  })
  t.equal((await findExtent(sql, parts[0] ?? ''))?.place, 'disk')
  await sameAsReplay(t, index)
})

t.test('a project finds its own uploads only', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const upload = await create(index)
  t.equal((await findUploadOf(sql, 'north', upload))?.id, upload)
  t.equal(await findUploadOf(sql, 'south', upload), null)
})

t.test('what a file has is no garbage, the rest of its upload is', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const upload = await create(index)
  const [one = '', lost = '', two = ''] = [
    await add(index, upload, 50),
    await add(index, upload, 50),
    await add(index, upload, 50),
  ]
  const file = await complete(index, upload, [two, one], 100)
  t.same(await garbageOf(index), [lost])
  t.equal(await isGarbage(sql, lost), true)
  t.equal(await isGarbage(sql, one), false)
  t.match((await findUpload(sql, upload))?.ended, {
    status: 'completed',
    file,
    parts: [two, one],
  })
  await index.ask({ type: 'RecordDestroyed', extents: [lost] }, 'system')
  t.same(await garbageOf(index), [])
  await index.remove(file)
  t.same(await garbageOf(index), [one, two], 'and so is what an ended file had')
  await sameAsReplay(t, index)
})

t.test('parts of one batch end with their upload, and bytes are counted', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const upload = await create(index)
  const [, , parts] = await Promise.all([
    add(index, upload, 30),
    add(index, upload, 40),
    Promise.all([add(index, upload, 30), cancel(index, upload)]),
  ])
  t.ok(parts[0])
  t.equal(await findPendingBytes(sql, 'north'), 0)
  t.equal((await garbageOf(index)).length, 3)
  const next = await create(index)
  await add(index, next, 70)
  t.equal(await findPendingBytes(sql, 'north'), 70)
  t.equal(await findPendingBytes(sql, 'south'), 0)
  await sameAsReplay(t, index)
})

t.test('an upload of as many parts as there can be is completed', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const { parts: most } = uploadLimits
  const upload = await create(index, most)
  const parts = await Promise.all(
    Array.from({ length: most }, () => add(index, upload, 1)),
  )
  await t.rejects(add(index, upload, 1), { message: /at most 1000 are allowed/ })
  await complete(index, upload, parts.toReversed(), most)
  const { ended } = (await findUpload(sql, upload)) ?? {}
  t.equal(ended?.status === 'completed' && ended.parts.length, most)
  t.same(await garbageOf(index), [])
  await sameAsReplay(t, index)
})

t.test('an upload is due when its hour has passed, until it has ended', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const [first, second, third] = [
    await create(index),
    await create(index),
    await create(index),
  ]
  await cancel(index, second)
  t.equal(await nextUploadDeadline(sql), index.now() + HOUR)
  t.same(await dueUploads(sql, index.now() + HOUR - 1, 10), [])
  index.clock.now += HOUR * 1_000_000
  const due = await dueUploads(sql, index.now(), 10)
  t.same(due.map(({ upload }) => upload).sort(), [first, third].sort())
  t.equal((await expire(index, first)).length, 1)
  t.equal((await expire(index, first)).length, 0)
  await expire(index, third)
  t.equal(await nextUploadDeadline(sql), undefined)
  await sameAsReplay(t, index)
})

t.test('a quota counts parts beside files, those of other uploads too', async (t) => {
  const index = await openIndex(t)
  await createProject(index, 'small')
  const limits = { quota_bytes: 100 }
  await index.ask({ type: 'UpdateProject', id: 'small', limits }, 'system')
  const one = await create(index, 60, 'small')
  const two = await create(index, 60, 'small')
  await add(index, one, 60, 'small')
  const tooMuch = { message: /40 of the project's 100 bytes are left/ }
  await t.rejects(add(index, two, 41, 'small'), tooMuch)
  await t.rejects(index.upload({ bytes: 41, project: 'small' }), tooMuch)
  await add(index, two, 40, 'small')
  await index.ask({ type: 'CancelUpload', upload: one, idAsSent: one }, 'small')
  await index.upload({ bytes: 60, project: 'small' })
})
