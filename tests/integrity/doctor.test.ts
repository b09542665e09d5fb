import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  custody,
  custodyHere,
  multipart,
  startServer,
  type TestServer,
} from '@custody/testkit'
import t from 'tap'
import { database, flip, folder, MiB, objectOf, put } from '../sealing/sealed-server.ts'
import { problemsOf, reportOf } from './doctor-report.ts'

/** An upload in parts that has one of them; resolves to its id. */
async function beginUpload({ api }: TestServer, content: Buffer): Promise<string> {
  const declared = { filename: 'a.bin', purpose: 'user_data', bytes: 2 * content.length }
  const body = { ...declared, mime_type: 'application/octet-stream' }
  const { id } = (await api.call('POST', '/v1/uploads', { body })).json<{ id: string }>()
  const form = multipart([{ name: 'data', filename: 'upload', content }])
  await api.call('POST', `/v1/uploads/${id}/parts`, { body: form })
  return id
}

const all = [
  'server',
  'permissions',
  'disk space',
  'database',
  'clock',
  'keys',
  'consumers',
  'staging',
  'damage',
  'orphans',
  'log',
  'index',
  'content',
]

t.test('beside a server that is well there is nothing to be done', async (t) => {
  const server = await startServer(t)
  const { dataDir } = server
  await put(server, randomBytes(200_000))
  await put(server, randomBytes(200))
  const before = globSync('**', { cwd: dataDir }).sort()
  const { code, stdout, stderr } = await server.custody('doctor')
  t.equal(code, 0, stdout + stderr)
  t.strictSame(
    stdout.match(/^ok +[a-z ]+?(?= {2,})/gm)?.map((line) => line.slice(2).trim()),
    all,
  )
  t.match(stdout, /SQLite 3\.\d+\.\d+, driver node/)
  t.match(stdout, /Nothing to be done\.\n$/)
  t.strictSame(globSync('**', { cwd: dataDir }).sort(), before, 'nothing was written')
  const quick = await server.custodyHere('doctor', '--quick', '--json')
  t.equal(quick.code, 0)
  const skipped = reportOf(quick).checks.filter(({ status }) => status === 'skipped')
  t.strictSame(
    skipped.map(({ check }) => check),
    ['log', 'index', 'content'],
  )
  t.equal((await put(server, randomBytes(10))).slice(0, 5), 'file-', 'it goes on')

  const objects = new Set(globSync('blobs/*/*', { cwd: dataDir }))
  const upload = await beginUpload(server, randomBytes(100_000))
  const [part = ''] = globSync('blobs/*/*', { cwd: dataDir }).filter(
    (path) => !objects.has(path),
  )
  const path = join(dataDir, part)
  writeFileSync(path, flip(readFileSync(path), 50))
  // As between the two steps of a server that destroys content.
  const lease = new DatabaseSync(join(dataDir, 'run', 'backup.lock'))
  t.teardown(() => lease.close())
  lease.exec('begin exclusive')
  const ended = await put(server, randomBytes(100_000))
  await server.api.delete(ended)
  const rest = globSync('blobs/*/*', { cwd: dataDir }).filter(
    (other) => !objects.has(other) && other !== part,
  )
  t.equal(rest.length, 1)
  for (const object of rest) rmSync(join(dataDir, object))
  const { content, ...others } = problemsOf(await server.custodyHere('doctor', '--json'))
  const [, digits] = upload.split('_')
  t.match(content?.replaceAll('-', ''), `is not authentic (upload ${digits})`)
  t.strictSame(others, {}, 'and nothing else is wrong')
})

t.test('what is wrong is told, each with what to do', async (t) => {
  const dataDir = folder(t)
  const server = await startServer(t, { dataDir })
  const large = await put(server, randomBytes(200_000))
  await put(server, randomBytes(300))
  const path = objectOf(dataDir)
  const stored = readFileSync(path)
  writeFileSync(path, flip(stored, 10))
  t.equal((await server.api.content(large)).status, 500)
  await server.kill()

  writeFileSync(join(dataDir, 'staging', 'left'), 'over')
  const orphan = `01890a5d-ac96-774b-bcce-b302099000${path.slice(-2)}`
  const object = join(path, '..', orphan)
  writeFileSync(object, 'nobody has it')
  utimesSync(object, 1_700_000_000, 1_700_000_000)
  chmodSync(join(dataDir, 'secrets'), 0o755)
  chmodSync(join(dataDir, 'secrets', 'log-signing-key'), 0o644)
  renameSync(join(dataDir, 'secrets', 'webhook-key'), join(dataDir, 'webhook-key'))
  rmSync(join(dataDir, 'log.vkey'))
  const db = database(dataDir)
  db.exec(`insert into consumers (name, position, status, attempts, next_attempt_at, error)
    values ('plugin:x', 3, 'stopped', 10, '', 'it throws')`)
  db.exec(`update files_v4 set bytes = bytes + 1`)
  db.close()

  const result = await custody(['doctor', '--json'], { dataDir })
  t.equal(result.code, 1, result.stderr)
  const problems = problemsOf(result)
  t.match(problems.server, /server\.json.* is of process \d+.*killed/)
  t.match(
    problems.permissions,
    /secrets' can be reached by other users: its mode is 0755/,
  )
  t.match(problems.permissions, /log-signing-key' can be reached .* 0644/)
  t.match(problems.keys, /log\.vkey is not in the data folder/)
  t.match(problems.consumers, /'plugin:x' has stopped after 10 failures .* it throws/)
  t.match(problems.staging, /1 staging files \(4 B\)/)
  t.match(problems.damage, new RegExp(`${large} of default is damaged in 1 of`))
  t.match(problems.orphans, new RegExp(`${orphan} .*no event promises`))
  t.match(problems.index, /not what the log says: files .*, bytes/)
  t.match(problems.content, /extent .*is not authentic/)
  t.notOk('log' in problems || 'clock' in problems || 'disk space' in problems)
  for (const { findings } of reportOf(result).checks) {
    for (const { action } of findings) t.match(action, /^.{10,}[.a-z]$/s, action)
  }
  const shown = await custodyHere(['doctor', '--quick'], { dataDir })
  t.equal(shown.code, 1)
  t.match(shown.stdout, /^PROBLEM {2}permissions .*\n {4}.*\n {6}What to do: chmod 700/m)
  t.match(shown.stdout, /\d+ findings\.\n$/)
})

t.test('a log that was changed, bytes that are gone, keys that are lost', async (t) => {
  const dataDir = folder(t)
  const server = await startServer(t, { dataDir })
  await put(server, randomBytes(MiB))
  await server.stop()
  const copy = folder(t)
  cpSync(dataDir, copy, { recursive: true })

  rmSync(objectOf(dataDir))
  rmSync(join(dataDir, 'secrets', 'master-key'))
  rmSync(join(dataDir, 'secrets', 'log-signing-key'))
  const db = database(dataDir)
  db.exec('drop trigger events_no_update')
  db.exec(`update events set actor = 'key:other' where type = 'FileUploaded'`)
  db.close()
  const problems = problemsOf(await custodyHere(['doctor', '--json'], { dataDir }))
  t.match(problems.log, /events \d+, actor: is not what the record says/)
  t.match(problems.keys, /Master key mk_[0-9a-f]{16} is not in .*master-key/)
  t.match(problems.keys, /key that signs the log is not there/)
  t.match(problems.orphans, /bytes of extent .* are not there/)
  t.match(problems.content, /1 sealed extents could not be opened/)

  const other = randomBytes(32).toString('base64')
  writeFileSync(join(copy, 'secrets', 'master-key'), other, { mode: 0o600 })
  writeFileSync(join(copy, 'erasures.log'), 'junk\n')
  if (process.geteuid?.() === 0) chownSync(join(copy, 'blobs'), 4321, 4321)
  mkdirSync(join(copy, '.restore'))
  const locked = await custodyHere(['doctor', '--json'], { dataDir: copy })
  const { server: begun, database: list, keys, ...others } = problemsOf(locked)
  t.match(begun, /A restore into .* cut short: no server starts/)
  if (process.geteuid?.() === 0) {
    t.match(others.permissions, /blobs' belongs to user 4321, and the data folder to \d+/)
  }
  t.match(list, /erasures\.log in the data folder, holds the line 'junk'/)
  t.match(keys, /Master key mk_[0-9a-f]{16} is not in .*master-key/)
  t.ok('content' in others && !('log' in others) && !('index' in others))
  const [found] = reportOf(locked).checks.flatMap(({ check, findings }) =>
    check === 'content' ? findings : [],
  )
  t.match(found?.problem, /is sealed under master key .* not in the ring/)
  t.match(found?.action, /Put that master key back.* delete nothing/)

  writeFileSync(join(copy, 'custody.db'), 'this is no database')
  const broken = await custodyHere(['doctor', '--json'], { dataDir: copy })
  t.equal(broken.code, 1)
  t.match(problemsOf(broken), {
    database: /is not a SQLite database/,
    log: /is not a SQLite database/,
    index: /./,
  })
  rmSync(join(copy, 'custody.db'))
  const half = await custodyHere(['doctor'], { dataDir: copy })
  t.equal(half.code, 2)
  t.match(half.stderr, /A restore into .* or was cut short: run `custody restore` again/)
  const none = await custodyHere(['doctor'], { dataDir: folder(t) })
  t.equal(none.code, 2)
  t.match(none.stderr, /There is no database at .*restored from a backup/)
  const badConfig = await custodyHere(['doctor'], {
    dataDir,
    env: { CUSTODY_SEAL: 'yes' },
  })
  t.equal(badConfig.code, 2)
  t.match(badConfig.stderr, /CUSTODY_SEAL is 'yes'/)
})
