import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { appears, fixture, startHost, validateText } from './start-host.ts'

t.test('one project has at most half of the workers with large files', async (t) => {
  const names = ['a1', 'a2', 'a3', 'b1', 'b2']
  const files = Object.fromEntries(names.map((name) => [`${name}.txt`, `gate ${name}`]))
  const folder = t.testdir(files)
  const { host } = await startHost(t, {
    workers: 4,
    plugins: [{ module: fixture('deeds.ts'), options: { gates: folder } }],
  })
  const outcomes = names.map((name) => {
    const content = { path: join(folder, `${name}.txt`) }
    return validateText(host, '', { content, project: name.slice(0, 1) })
  })
  const has = (mark: string) => existsSync(join(folder, mark))
  const open = (name: string) => writeFileSync(join(folder, name), '')
  await Promise.all(
    ['a1', 'a2', 'b1'].map((name) => appears(join(folder, `${name}.begun`))),
  )
  open('b1')
  await outcomes[3]
  // A worker is free now, and a3 has waited for longer than b2.
  await appears(join(folder, 'b2.begun'))
  t.notOk(has('a3.begun'))
  t.match(await validateText(host, 'count', { project: 'a' }), { ok: true })
  open('a1')
  await appears(join(folder, 'a3.begun'))
  for (const name of names) open(name)
  for (const outcome of await Promise.all(outcomes)) t.ok(outcome.ok)
})

t.test('the small files of others pass one that holds up its project', async (t) => {
  const { host } = await startHost(t, { workers: 2, limits: { idleMs: 2000 } })
  let isStuck = true
  const stuck = validateText(host, 'loop', { project: 'a' }).catch(() => {
    isStuck = false
  })
  await new Promise((resolve) => setImmediate(resolve))
  const other = await validateText(host, 'count', { project: 'b' })
  t.ok(other.ok)
  t.ok(isStuck)
  await stuck
})

t.test('a pool of one worker serves everything', async (t) => {
  const path = join(t.testdir({ large: 'count\n' }), 'large')
  const { host } = await startHost(t, { workers: 1 })
  const outcomes = await Promise.all([
    validateText(host, 'count'),
    validateText(host, '', { content: { path } }),
    validateText(host, 'count'),
  ])
  for (const outcome of outcomes) t.ok(outcome.ok)
})
