import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { takeExclusiveLock } from '../../../../src/index.ts'

t.test('one holder at a time', async (t) => {
  const path = join(t.testdir({}), 'lock.db')
  const lock = takeExclusiveLock(path)
  t.ok(lock)
  t.equal(takeExclusiveLock(path), undefined)
  lock?.release()
  const next = takeExclusiveLock(path)
  t.ok(next)
  next?.release()
})

t.test('a killed process lets go', async (t) => {
  const path = join(t.testdir({}), 'lock.db')
  const index = new URL('../../../../src/index.ts', import.meta.url)
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { takeExclusiveLock } = await import(${JSON.stringify(index.href)})
       globalThis.lock = takeExclusiveLock(${JSON.stringify(path)})
       process.stdout.write('held')
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(holder, 'exit')
  await once(holder.stdout, 'data')
  t.equal(takeExclusiveLock(path), undefined)
  holder.kill('SIGKILL')
  await exited
  const lock = takeExclusiveLock(path)
  t.ok(lock)
  lock?.release()
})

t.test('a file that is no database is an error, not a lock that is taken', async (t) => {
  const path = join(t.testdir({ 'lock.db': 'text'.repeat(500) }), 'lock.db')
  t.throws(() => takeExclusiveLock(path), { message: /not a database/ })
})
