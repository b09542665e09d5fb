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
