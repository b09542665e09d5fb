import { randomUUID } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProjectionView } from '@custody/service'
import t from 'tap'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startAdmin } from '../support/start-admin.ts'
import { storeFile } from '../support/store-file.ts'

const KiB = 1024
const days = 24 * 60 * 60

/** Lays an object down that no event is about. */
async function layOrphan(folder: string, ageSeconds: number): Promise<void> {
  const id = randomUUID()
  const path = join(folder, 'blobs', id.slice(-2), id)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, 'x')
  const time = Date.now() / 1000 - ageSeconds
  await utimes(path, time, time)
}

t.test('a sweep takes its two options, and answers numbers', async (t) => {
  const server = await startAdmin(t)
  const { ask, folder } = server
  await storeFile(server, { content: Buffer.alloc(100 * KiB) })
  await layOrphan(folder, 2 * days)
  await layOrphan(folder, 0)
  const found = { object: 'sweep', objects: 3, orphans: 1, young: 1, missing: [] }
  t.same(await readJson(await ask('POST', '/sweep', { dry_run: true })), {
    ...found,
    outcome: 'dry_run',
    removed: 0,
  })
  t.same(await readJson(await ask('POST', '/sweep')), {
    ...found,
    outcome: 'removed',
    removed: 1,
  })

  for (let count = 0; count < 21; count += 1) await layOrphan(folder, 2 * days)
  const many = { ...found, objects: 23, orphans: 21 }
  t.same(await readJson(await ask('POST', '/sweep', { force: false })), {
    ...many,
    outcome: 'too_many',
    removed: 0,
  })
  t.same(await readJson(await ask('POST', '/sweep', { force: true })), {
    ...many,
    outcome: 'removed',
    removed: 21,
  })
  t.match(await readError(await ask('POST', '/sweep', { dryRun: true })), {
    code: 'unknown_parameter',
  })
})

type Shown = Omit<ProjectionView, 'name'> & { readonly id: string }

t.test('a projection is rebuilt by its name, and projections tell of it', async (t) => {
  let during: Promise<readonly ProjectionView[]> | undefined
  const { ask } = await startAdmin(t, {
    watch: (admin) => ({
      ...admin,
      async rebuild(name, by) {
        await admin.rebuild(name, by)
        // So few events are soon rebuilt: what is true now is what is answered.
        during = admin.listProjections()
      },
      listProjections: () => during ?? admin.listProjections(),
    }),
  })
  const list = async () =>
    await readJson<{ data: readonly Shown[] }>(await ask('GET', '/projections'))
  const before = await list()
  t.match(before, { object: 'list', has_more: false })
  const directory = before.data.find(({ id }) => id === 'directory')
  const events = directory?.events ?? { done: 0, of: 0 }
  t.ok(events.of > 0)
  t.match(directory?.generation, /^v\d+$/)
  t.same(directory, {
    id: 'directory',
    object: 'projection',
    generation: directory?.generation,
    state: 'live',
    events: { done: events.of, of: events.of },
    restarts: 0,
  })

  const answer = await readJson(await ask('POST', '/projections/files/rebuild'))
  t.same(answer, { id: 'files', object: 'projection', state: 'rebuilding' })
  const files = (await list()).data.find(({ id }) => id === 'files')
  t.match(files, { id: 'files', state: 'rebuilding', restarts: 0 })
  t.equal(files?.events.of, events.of)
  t.ok((files?.events.done ?? Number.NaN) <= events.of)
  t.match(await readError(await ask('POST', '/projections/nothing/rebuild')), {
    status: 404,
    message: /nothing/,
  })
})
