import t from 'tap'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startAdmin } from '../support/start-admin.ts'

t.test('a sweep takes its two options, and answers numbers', async (t) => {
  const { ask, admin } = await startAdmin(t)
  t.same(await readJson(await ask('POST', '/sweep', { dry_run: true })), {
    object: 'sweep',
    outcome: 'dry_run',
    objects: 3,
    orphans: 1,
    young: 1,
    removed: 0,
    missing: [],
  })
  await ask('POST', '/sweep')
  t.same(admin.calls, [
    { sweep: { dryRun: true, force: false } },
    { sweep: { dryRun: false, force: false } },
  ])
  t.match(await readError(await ask('POST', '/sweep', { dryRun: true })), {
    code: 'unknown_parameter',
  })
})

t.test('a projection is rebuilt by its name', async (t) => {
  const { ask, admin } = await startAdmin(t)
  const answer = await readJson(await ask('POST', '/projections/files/rebuild'))
  t.same(answer, { id: 'files', object: 'projection', state: 'rebuilding' })
  t.same(admin.calls, [{ rebuild: 'files' }])
})

t.test(
  'projections tell which tables are read, and how far the next ones are',
  async (t) => {
    const { ask } = await startAdmin(t)
    t.match(await readJson(await ask('GET', '/projections')), {
      object: 'list',
      data: [
        {
          id: 'directory',
          object: 'projection',
          generation: 'v1',
          state: 'live',
          events: { done: 9, of: 9 },
          restarts: 0,
        },
        { id: 'files', state: 'rebuilding', events: { done: 4, of: 9 }, restarts: 1 },
      ],
      has_more: false,
    })
  },
)
