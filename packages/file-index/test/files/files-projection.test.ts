import t from 'tap'
import {
  dueFiles,
  findExtent,
  findFile,
  findGarbage,
  findUsage,
  listExtents,
  nextDeadline,
} from '../../src/index.ts'
import { createProject, openIndex, type TestIndex } from '../fixtures/open-index.ts'

const usage = async ({ log }: TestIndex, project = 'north') =>
  (await findUsage(log.reader.sql, project)).map(({ purpose, files, bytes }) => [
    purpose,
    files,
    bytes,
  ])

const due = async ({ log }: TestIndex, now: number) =>
  (await dueFiles(log.reader.sql, now, 100)).map(({ file, project }) => [project, file])

const garbage = async ({ log }: TestIndex) =>
  (await findGarbage(log.reader.sql, { after: '', limit: 100 })).map(
    ({ extent }) => extent,
  )

for (const driver of ['node', 'sqlite3'] as const)
  t.test(driver, async (t) => {
    // One log for all: each test leaves no deadline and no garbage behind, or has a project of its own.
    const index = await openIndex(t, driver)
    const { sql } = index.log.reader

    t.test('a deadline stands until its file has ended', async (t) => {
      const start = index.now()
      t.equal(await nextDeadline(sql), undefined)
      const late = await index.upload({ expiresAfter: 30, extents: [] })
      const early = await index.upload({ expiresAfter: 10, extents: [] })
      const deleted = await index.upload({ expiresAfter: 5, extents: [] })
      await index.upload()
      t.equal(await nextDeadline(sql), start + 5)
      await index.remove(deleted)
      t.equal(await nextDeadline(sql), start + 10)
      t.same(await due(index, start + 9), [])
      const both = [
        ['north', early],
        ['north', late],
      ]
      t.same(await due(index, start + 30), both)
      t.equal((await dueFiles(sql, start + 30, 1)).length, 1)
      await index.ask({ type: 'ExpireFile', file: early })
      t.same(await due(index, start + 30), both, 'it was not due yet')
      index.clock.now += 10_000_000
      await index.ask({ type: 'ExpireFile', file: early })
      t.same(await due(index, start + 30), [['north', late]])
      await index.remove(late)
      t.equal(await nextDeadline(sql), undefined)
    })

    t.test('a deadline goes while a hold has no end, and comes back', async (t) => {
      const start = index.now()
      const held = await index.upload({ expiresAfter: 10, extents: [] })
      const hold = (name: string, retainUntil: number | null) =>
        index.ask({
          ...{ type: 'HoldFile', file: held, idAsSent: held },
          ...{ hold: index.newId(), name, retainUntil },
        })
      const release = (name: string) =>
        index.ask({ type: 'ReleaseFile', file: held, idAsSent: held, hold: name })
      await hold('long', start + 20)
      t.equal(await nextDeadline(sql), start + 20)
      await hold('endless', null)
      t.equal(await nextDeadline(sql), undefined)
      index.clock.now += 11_000_000
      t.match(await findFile(sql, held), { ended: null, holds: [{}, {}] })
      await release('endless')
      t.equal(await nextDeadline(sql), start + 20)
      const events = await release('long')
      t.same(
        events.map(({ type }) => type),
        ['FileReleased', 'FileExpired'],
      )
      t.match(await findFile(sql, held), { ended: { reason: 'expired' }, holds: [] })
      t.equal(await nextDeadline(sql), undefined)
    })

    t.test('extents of ended files wait to be destroyed', async (t) => {
      const [a, b, c] = [index.newId(), index.newId(), index.newId()]
      const two = await index.upload({ extents: [a, b], place: 'disk' })
      const one = await index.upload({ extents: [c], expiresAfter: 1 })
      t.same(await garbage(index), [])
      await index.remove(two)
      t.same(await garbage(index), [a, b])
      index.clock.now += 1_000_000
      await index.ask({ type: 'ExpireFile', file: one })
      t.same(await findGarbage(sql, { after: '', limit: 2 }), [
        { extent: a },
        { extent: b },
      ])
      await index.ask({ type: 'RecordDestroyed', extents: [a, c] }, 'system')
      t.same(await garbage(index), [b])
      t.equal(await findExtent(sql, c), undefined)
      t.match(await findExtent(sql, b), { place: 'disk', content: null })
    })

    t.test('usage goes up and down by purpose, with the log', async (t) => {
      const project = 'counted'
      await createProject(index, project)
      const first = await index.upload({ project, bytes: 10 })
      await index.upload({ project, bytes: 5, purpose: 'vision' })
      await index.upload({ bytes: 7 })
      const short = await index.upload({ project, bytes: 1, expiresAfter: 1 })
      const counts = (batch: readonly number[]) => [
        ['batch', ...batch],
        ['vision', 1, 5],
      ]
      t.same(await usage(index, project), counts([2, 11]))
      await index.remove(first, project)
      t.same(await usage(index, project), counts([1, 1]))
      index.clock.now += 1_000_000
      t.same(await usage(index, project), counts([1, 1]), 'what is hidden is still held')
      await index.ask({ type: 'ExpireFile', file: short }, project)
      t.same(await usage(index, project), counts([0, 0]))
    })

    t.test('a file is found with all that was said of it', async (t) => {
      const project = 'found'
      await createProject(index, project)
      const said = {
        project,
        metadata: { z: 'last', a: 'first', 'é"\\': '😀' },
        filename: 'Ü\u0000 😀.jsonl',
        bytes: 2 ** 40,
      }
      index.clock.now += 1_000_000
      const id = await index.upload(said)
      t.match(await findFile(sql, id), {
        ...said,
        id,
        seq: 1,
        version: 1,
        purpose: 'batch',
        createdAt: index.clock.now,
        expiresAt: null,
        sha256: 'a'.repeat(64),
        ended: null,
      })
      t.equal(await findFile(sql, index.newId()), null)
      t.equal(await findFile(sql, project), null, 'a project is no file')
      await index.remove(id, project)
      t.match(await findFile(sql, id), {
        version: 2,
        ended: { seq: 2, reason: 'deleted' },
      })
      t.equal((await index.replay()).difference, undefined)
    })
  })

t.test('what happens in one batch comes to the same', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const file = index.newId()
  await Promise.all([index.upload({ file, expiresAfter: 5 }), index.remove(file)])
  t.same(await usage(index), [['batch', 0, 0]])
  t.same(await garbage(index), [file])
  t.equal(await nextDeadline(sql), undefined)
  const other = await index.upload()
  await Promise.all([
    index.remove(other),
    index.ask({ type: 'RecordDestroyed', extents: [other] }, 'system'),
  ])
  t.same(await garbage(index), [file], 'queued and destroyed at once is gone')
  t.equal(await findExtent(sql, other), undefined)
  t.equal((await index.replay()).difference, undefined)
})

t.test('a quota counts what earlier commands of the batch took and freed', async (t) => {
  const index = await openIndex(t)
  const limits = { quota_bytes: 100 }
  await index.ask({ type: 'UpdateProject', id: 'north', limits }, 'system')
  const first = await index.upload({ bytes: 60 })
  const outcomes = await Promise.allSettled([
    index.upload({ bytes: 40 }),
    index.upload({ bytes: 1 }),
    index.remove(first),
    index.upload({ bytes: 60 }),
    index.upload({ bytes: 1 }),
  ])
  t.same(
    outcomes.map((one) => (one.status === 'fulfilled' ? 'done' : one.reason.key)),
    ['done', 'storage_quota_exceeded', 'done', 'done', 'storage_quota_exceeded'],
  )
  t.same(await usage(index), [['batch', 2, 100]])
  const file = index.newId()
  await t.rejects(index.upload({ file, bytes: 1 }), { code: 'storage_quota_exceeded' })
  t.equal(await findExtent(index.log.reader.sql, file), undefined, 'nothing is left')
  t.equal(await findFile(index.log.reader.sql, file), null)
})

t.test('inline content lies beside the log, other content elsewhere', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  const [a, b] = [index.newId(), index.newId()]
  const inline = await index.upload({ extents: [a, b], bytes: 9 })
  const onDisk = [
    await index.upload({ place: 'disk' }),
    await index.upload({ place: 'disk' }),
  ]
  t.match(await findExtent(sql, b), {
    id: b,
    place: 'inline',
    format: 'plain',
    stored_bytes: 9,
  })
  const content = (await findExtent(sql, b))?.content ?? new Uint8Array()
  t.equal(Buffer.from(content).toString(), `content of ${b}`)
  t.equal(await findExtent(sql, inline), undefined, 'a file is no extent')
  const disk = (after: string, limit: number) =>
    listExtents(sql, { place: 'disk', after, limit })
  t.same(await disk('', 1), [{ id: onDisk[0], stored_bytes: 4 }])
  t.same(await disk(onDisk[0] ?? '', 9), [{ id: onDisk[1], stored_bytes: 4 }])
  t.same(await disk(onDisk[1] ?? '', 9), [])
})
