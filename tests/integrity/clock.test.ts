import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, until } from '@custody/testkit'
import t from 'tap'
import { folder, put } from '../sealing/sealed-server.ts'
import { problemsOf } from './doctor-report.ts'

/** Settings under which a process takes its clock to be as many milliseconds ahead as a file says. */
function shiftedClock(file: string) {
  const script = `
    import { readFileSync } from 'node:fs'
    const real = Date.now
    let ahead = 0
    let read = 0
    Date.now = () => {
      const now = real()
      if (now - read > 50) {
        ahead = Number(readFileSync(${JSON.stringify(file)}, 'utf8'))
        read = now
      }
      return now + ahead
    }`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
}

t.test('a clock that is not trusted is told, and can be accepted', async (t) => {
  const dataDir = folder(t)
  const ahead = join(dataDir, 'ahead')
  const env = shiftedClock(ahead)
  writeFileSync(ahead, '3600000')
  let server = await startServer(t, { dataDir, env })
  const id = await put(server, randomBytes(100))
  await server.stop()

  writeFileSync(ahead, '0')
  server = await startServer(t, { dataDir, env })
  const readiness = async () => {
    const answer = await server.api.call('GET', '/readyz')
    return { status: answer.status, text: answer.text }
  }
  await until('distrust', async () => (await readiness()).status === 503)
  t.match((await readiness()).text, /the last event is \d+ s in the future/)
  const told = problemsOf(await server.custody('doctor', '--quick', '--json'))
  t.match(told.clock, /s ahead of the clock/)
  t.match(told.server, /not ready: Nothing expires/)
  t.equal((await server.api.content(id)).status, 200, 'reads go on')

  const accepted = await server.custody('doctor', '--accept-clock')
  t.equal(accepted.code, 0, accepted.stderr)
  t.match(accepted.stdout, /The clock is accepted as it is/)
  t.equal((await readiness()).status, 200, 'at once')
  const again = await server.custody('doctor', '--accept-clock', '--json')
  t.strictSame(JSON.parse(again.stdout), {
    object: 'clock',
    accepted: false,
    problem: null,
  })
  const log = await server.admin.call('GET', '/v1/organization/audit_logs?limit=100')
  const events = log.json<{ data: { type: string }[] }>().data
  t.equal(events.filter(({ type }) => type === 'clock.accepted').length, 1)
  await server.stop()

  server = await startServer(t, { dataDir, env })
  const due = await server.api.upload({
    purpose: 'user_data',
    filename: 'a.txt',
    content: Buffer.from('soon gone'),
    fields: [
      ['expires_after[anchor]', 'created_at'],
      ['expires_after[seconds]', '3600'],
    ],
  })
  t.equal(due.status, 200, due.text)
  t.equal((await readiness()).status, 200, 'also after a restart')
  writeFileSync(ahead, '7200000')
  await until('distrust of the jump', async () => (await readiness()).status === 503)
  t.match((await readiness()).text, /the wall clock has jumped 7200 s ahead/)
  t.equal((await server.custody('doctor', '--accept-clock')).code, 0)
  t.equal((await readiness()).status, 200)
})
