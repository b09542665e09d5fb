import { CustodyError } from '@custody/domain'
import { listFiles } from '@custody/file-index'
import t, { type Test } from 'tap'
import { testClock } from '../../../testkit/src/event-log/test-clock.ts'
import { configureDefaultProject } from '../../src/admin/default-project.ts'
import type { Appender } from '../../src/appender.ts'
import type { Principal } from '../../src/auth/principal.ts'
import { createBulkDeletion } from '../../src/files/delete-files.ts'
import type { BulkDeletionQuery } from '../../src/files/files.ts'
import { openLog } from '../support/open-log.ts'

const never = new AbortController().signal
const bounds = { maxFiles: 10, maxIds: 4, atOnce: 3, countedAtOnce: 5 }
const principal: Principal = {
  keyId: 'key_1',
  actor: 'key:key_1',
  scopes: new Set(),
  project: { id: 'default', dialect: 'openai', limits: {} },
}
const asking = { project: 'default', actor: 'a test', requestId: 'req_1' }

/** A real log, whose clock stands still, and deletions with small bounds. */
async function start(t: Test, wrap: (appender: Appender) => Appender = (one) => one) {
  const clock = testClock()
  const { log, ids, appender } = await openLog(t, { clock: clock.buffer })
  const nowMs = () => clock.now / 1000
  const environment = { log, clock: nowMs, ids }
  await configureDefaultProject(environment, appender, {
    apiKey: undefined,
    dialect: 'openai',
  })
  const deleteMany = createBulkDeletion(environment, wrap(appender), bounds)
  const seconds = () => Math.floor(nowMs() / 1000)

  async function upload(purpose = 'batch', expiresAfter?: number): Promise<string> {
    clock.now += 1_000_000
    const file = ids.uuid()
    const sha256 = 'a'.repeat(64)
    await appender.append(
      {
        type: 'UploadFile',
        file,
        purpose,
        bytes: 1,
        expiry:
          expiresAfter === undefined
            ? null
            : { afterSeconds: expiresAfter, policy: 'request' },
        filename: 'a.txt',
        sha256,
        declaredType: null,
        extents: [{ id: ids.uuid(), bytes: 1, sha256 }],
        places: [{ place: 'inline', format: 'plain', storedBytes: 1 }],
        facts: {},
        validatedBy: [],
      },
      asking,
      [Buffer.from('a')],
    )
    return file
  }

  return {
    appender,
    clock,
    upload,
    async uploads(count: number): Promise<string[]> {
      const files: string[] = []
      for (let n = 0; n < count; n += 1) files.push(await upload())
      return files
    },
    remove: (file: string) =>
      appender.append({ type: 'DeleteFile', file, idAsSent: file }, asking),
    /** Everything of purpose `batch` until now, unless the query says otherwise. */
    deleteMany: (query: Partial<BulkDeletionQuery> = {}, signal = never) =>
      deleteMany(
        principal,
        { purpose: 'batch', createdBefore: seconds() + 1, dryRun: false, ...query },
        { requestId: 'req_2', signal },
      ),
    async left(): Promise<string[]> {
      const query = {
        project: 'default',
        order: 'asc',
        limit: 100,
        now: seconds(),
      } as const
      return (await listFiles(log.reader.sql, query)).map(({ id }) => id)
    },
    events: () => log.reader.read(),
  }
}

t.test('each deleted file has an event of its own, of the key and request', async (t) => {
  const { uploads, deleteMany, left, events } = await start(t)
  const files = await uploads(4)
  t.same(await deleteMany(), {
    dryRun: false,
    matched: 4,
    deleted: 4,
    held: 0,
    ids: files,
    hasMore: false,
  })
  t.same(await left(), [])
  const ends = (await events()).filter(({ record }) => record.type === 'FileDeleted')
  t.same(
    ends.map(({ record }) => [record.stream, record.actor, record.request]),
    files.map((file) => [file, 'key:key_1', 'req_2']),
  )
})

t.test('one call deletes so many; the next goes on', async (t) => {
  const { uploads, deleteMany, left } = await start(t)
  const files = await uploads(23)
  t.match(await deleteMany({ dryRun: true }), { matched: 23, deleted: 0, hasMore: true })
  t.match(await deleteMany(), {
    matched: 23,
    deleted: 10,
    ids: files.slice(0, 4),
    hasMore: true,
  })
  t.same(await left(), files.slice(10), 'the oldest went first')
  t.match(await deleteMany(), { matched: 13, deleted: 10, hasMore: true })
  t.match(await deleteMany(), { matched: 3, deleted: 3, hasMore: false })
  t.match(await deleteMany(), { matched: 0, deleted: 0, ids: [], hasMore: false })
  t.same(await left(), [])
})

t.test('as many as one call deletes are no more than that', async (t) => {
  const { uploads, deleteMany } = await start(t)
  await uploads(10)
  t.match(await deleteMany({ dryRun: true }), { matched: 10, hasMore: false })
  t.match(await deleteMany(), { matched: 10, deleted: 10, hasMore: false })
})

t.test('a dry run names those that would go first, and deletes nothing', async (t) => {
  const { upload, uploads, deleteMany, left, events } = await start(t)
  const files = await uploads(3)
  await upload('vision')
  files.push(...(await uploads(3)))
  const before = (await events()).length
  t.same(await deleteMany({ dryRun: true }), {
    dryRun: true,
    matched: 6,
    deleted: 0,
    held: 0,
    ids: files.slice(0, 4),
    hasMore: false,
  })
  t.equal((await left()).length, 7)
  t.equal((await events()).length, before)
})

t.test('files that came since the call began stay, whatever the time says', async (t) => {
  let appender: Appender | undefined
  let meanwhile: Promise<string> | undefined
  const log = await start(t, (real) => {
    appender = {
      ...real,
      append: (...command) => {
        meanwhile ??= log.upload()
        return real.append(...command)
      },
    }
    return appender
  })
  const { uploads, deleteMany, left } = log
  await uploads(8)
  t.match(await deleteMany({ createdBefore: 4_000_000_000 }), {
    matched: 8,
    deleted: 8,
    hasMore: false,
  })
  t.same(await left(), [await meanwhile])
})

t.test('a file that ended meanwhile is not counted', async (t) => {
  let meanwhile: Promise<unknown> | undefined
  const files: string[] = []
  const log = await start(t, (real) => ({
    ...real,
    async append(...command) {
      meanwhile ??= log.remove(files[1] ?? '').then(() => {
        log.clock.now += 60_000_000
      })
      await meanwhile
      return await real.append(...command)
    },
  }))
  files.push(...(await log.uploads(2)), await log.upload('batch', 30))
  files.push(...(await log.uploads(2)))
  t.match(await log.deleteMany(), {
    matched: 5,
    deleted: 3,
    held: 0,
    ids: [files[0], files[3], files[4]],
    hasMore: false,
  })
})

t.test('a held file is passed over and counted', async (t) => {
  let held: string | undefined
  const log = await start(t, (real) => ({
    ...real,
    async append(command, ...others) {
      if (command.type === 'DeleteFile' && command.file === held)
        throw new CustodyError('file_held', 'A hold protects it.')
      return await real.append(command, ...others)
    },
  }))
  const files = await log.uploads(12)
  held = files[2]
  t.match(await log.deleteMany(), { matched: 12, deleted: 10, held: 1, hasMore: true })
  t.same(await log.left(), [files[2], files[11]], 'it does not stop the others')
})

t.test('a client that went away stops the deletion after the slice', async (t) => {
  const client = new AbortController()
  const log = await start(t, (real) => ({
    ...real,
    append(...command) {
      client.abort()
      return real.append(...command)
    },
  }))
  const files = await log.uploads(8)
  await t.rejects(log.deleteMany({}, client.signal), { name: 'AbortError' })
  t.same(await log.left(), files.slice(bounds.atOnce))
  t.match(await log.deleteMany(), { matched: 5, deleted: 5 }, 'others go on')
})

t.test('an error ends the call; what was deleted by then stays deleted', async (t) => {
  let left = 4
  const log = await start(t, (real) => ({
    ...real,
    async append(...command) {
      left -= 1
      if (left === 0) throw new CustodyError('overloaded', 'Too much to do.')
      return await real.append(...command)
    },
  }))
  const files = await log.uploads(8)
  await t.rejects(log.deleteMany(), { key: 'overloaded', message: 'Too much to do.' })
  t.same(await log.left(), [files[3], files[6], files[7]])
  t.match(await log.deleteMany(), { matched: 3, deleted: 3 })
})

t.test('however many calls there are, one slice of them waits for the log', async (t) => {
  let waiting = 0
  let most = 0
  const log = await start(t, (real) => ({
    ...real,
    async append(...command) {
      waiting += 1
      most = Math.max(most, waiting)
      try {
        return await real.append(...command)
      } finally {
        waiting -= 1
      }
    },
  }))
  await log.uploads(30)
  const answers = await Promise.all(Array.from({ length: 5 }, () => log.deleteMany()))
  t.equal(most, bounds.atOnce)
  t.equal(
    answers.reduce((sum, { deleted }) => sum + deleted, 0),
    30,
    'each file was deleted once',
  )
  t.same(await log.left(), [])
})
