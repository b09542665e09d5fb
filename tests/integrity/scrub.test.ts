import { randomBytes } from 'node:crypto'
import {
  globSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import {
  type CommandResult,
  custody,
  custodyHere,
  startServer,
  until,
} from '@custody/testkit'
import t from 'tap'
import { database, eventsOf, flip, folder, put, text } from '../sealing/sealed-server.ts'

// It reads and writes much: what is slow beside others is not wrong.
t.setTimeout(120_000)

const reportOf = ({ stdout }: CommandResult) => JSON.parse(stdout)

/** In the order in which they were uploaded, which their ids tell. */
const objectsOf = (dataDir: string) =>
  globSync('blobs/*/*', { cwd: dataDir })
    .sort((one, other) => (basename(one) < basename(other) ? -1 : 1))
    .map((path) => join(dataDir, path))

t.test('through a server: damage is reported, marked, and taken back', async (t) => {
  const server = await startServer(t)
  const { dataDir, api, admin } = server
  const ask = (body: object) => admin.call('POST', '/v1/organization/scrub', { body })
  const ids: string[] = []
  for (const size of [200_000, 300_000, 1_500_000, 100, 2000]) {
    ids.push(await put(server, randomBytes(size)))
  }
  const fine = await server.custody('scrub')
  t.equal(fine.code, 0, fine.stderr)
  t.match(fine.stdout, /^OK: 5 files, 5 extents, 1\.9 MiB\n$/)
  t.equal(fine.stderr, '', 'no progress where nobody looks')

  const [flipped = '', cut = '', gone = ''] = objectsOf(dataDir)
  const stored = readFileSync(flipped)
  const whole = readFileSync(cut)
  writeFileSync(flipped, flip(stored, 150_000))
  truncateSync(cut, 1000)
  renameSync(gone, `${dataDir}/away`)
  const db = database(dataDir)
  db.exec(
    `update extents set content = zeroblob(length(content)) where stored_bytes < 200`,
  )
  db.close()

  const bad = await server.custodyHere('scrub', '--json')
  t.equal(bad.code, 1)
  const report = reportOf(bad)
  t.match(report, { ok: false, files: 5, extents: 5, damaged_count: 4, next: null })
  t.strictSame(
    report.damaged.map(({ file }: { file: string }) => file).sort(),
    ids.slice(0, 4).sort(),
  )
  for (const { known, project, problem } of report.damaged) {
    t.match({ known, project }, { known: false, project: 'default' })
    t.match(problem, /damaged/)
  }
  for (const id of ids.slice(0, 4)) {
    const answer = await api.content(id)
    t.equal(answer.status, 500)
    t.equal(answer.error().code, 'content_damaged')
    t.match((await eventsOf(server, id)).at(-1), {
      type: 'custody.file.damaged',
      data: { found_by: 'scrub' },
    })
  }
  t.equal((await api.content(ids[4] ?? '')).status, 200)
  const verified = await server.custodyHere('audit', 'verify', '--blobs')
  t.equal(verified.code, 1, 'a verification finds it, too')
  const marked = verified.stdout.match(/^files .*: the log says that its content is/gm)
  t.equal(marked?.length, 4)

  const again = await server.custodyHere('scrub')
  t.equal(again.code, 1)
  t.equal(again.stdout.match(/^DAMAGED file-.* of default: .*\(known\)$/gm)?.length, 4)
  t.match(again.stdout, /BAD: 4 damaged extents/)

  writeFileSync(flipped, stored)
  writeFileSync(cut, whole)
  renameSync(`${dataDir}/away`, gone)
  const one = await ask({ file: ids[0] ?? '' })
  t.match(one.json(), { files: 1, bytes: 200_000, repaired: [{ file: ids[0] }] })
  t.equal((await api.content(ids[0] ?? '')).status, 200)
  t.equal((await api.content(ids[1] ?? '')).status, 500, 'the others are not looked at')
  const mended = await server.custodyHere('scrub')
  t.equal(mended.code, 1, 'one is damaged still')
  t.equal(mended.stdout.match(/^WHOLE AGAIN/gm)?.length, 2)
  t.equal((await api.delete(ids[3] ?? '')).status, 200)
  t.strictSame((await ask({})).json<{ damaged: object[] }>().damaged, [])
})

t.test('without a server, and from where another was interrupted', async (t) => {
  const dataDir = folder(t)
  const server = await startServer(t, { dataDir })
  for (let index = 0; index < 4; index += 1) await put(server, randomBytes(300_000))
  const { admin } = server
  const ask = (body: object) => admin.call('POST', '/v1/organization/scrub', { body })
  const slice = (await ask({ max_bytes: 600_000 })).json<{
    files: number
    next: string
  }>()
  t.match(slice, { files: 2, bytes: 600_000, total: { files: 4, bytes: 1_200_000 } })
  for (const [body, param] of [
    [{ cursor: 'x' }, 'cursor'],
    [{ cursor: '0.0' }, 'cursor'],
    [{ file: 'file-none' }, 'file'],
    [{ file: `file-${'0'.repeat(32)}` }, 'file'],
    [{ max_bytes: 0 }, 'max_bytes'],
    [{ cursor: '1.0', file: 'file-1' }, 'cursor'],
    [{ what: 1 }, 'what'],
  ] as const) {
    const refused = await ask(body)
    t.ok([400, 404].includes(refused.status), JSON.stringify(body))
    t.equal(refused.error().param, param)
  }
  t.equal(
    (await server.api.call('POST', '/v1/organization/scrub', { body: {} })).status,
    403,
  )
  await server.stop()

  const [, , unreadable = '', path = ''] = objectsOf(dataDir)
  writeFileSync(path, flip(readFileSync(path), 500))
  renameSync(unreadable, join(dataDir, 'away'))
  // A link that no system follows: what it stands for may be right.
  symlinkSync('a'.repeat(300), unreadable)
  const rest = await custody(['scrub', '--json', '--from', slice.next], { dataDir })
  t.equal(rest.code, 1, rest.stderr)
  t.match(reportOf(rest), { files: 2, damaged_count: 1, damaged: [{ segment: 0 }] })
  t.match(reportOf(rest).unreadable, [{ problem: /could not be read/ }])
  const none = await custodyHere(['scrub'], { dataDir: folder(t) })
  t.equal(none.code, 2, 'it begins no new deployment')
  t.match(none.stderr, /There is no database at/)
  for (const args of [
    ['--from', '1.0', 'file-1'],
    ['--rate', 'fast'],
  ]) {
    const { code, stderr } = await custodyHere(['scrub', ...args], { dataDir })
    t.equal(code, 2, args.join(' '))
    t.match(stderr, /custody: .*(--from|--rate)/, args.join(' '))
  }
})

t.test('a server reads by itself at the rate that it is given', async (t) => {
  const dataDir = folder(t)
  const env = { CUSTODY_SCRUB_RATE: '20' }
  let server = await startServer(t, { dataDir })
  const id = await put(server, text(70_000))
  const path = objectsOf(dataDir)[0] ?? ''
  const stored = readFileSync(path)
  await server.stop()
  writeFileSync(path, flip(stored, 40))
  server = await startServer(t, { dataDir, env })
  await until('its finding', async () => (await eventsOf(server, id)).length === 2)
  t.equal((await server.api.content(id)).status, 500)
  await until('the end of the pass', () =>
    server.logs.some((line) => line.includes('all content was read again')),
  )
  const pass = JSON.parse(readFileSync(join(dataDir, 'run', 'scrub.json'), 'utf8'))
  t.match(pass, { next: null, files: 1, damaged: 1 })
  await server.stop()

  // A pass that was interrupted goes on where it was, and another begins a day later.
  writeFileSync(path, stored)
  writeFileSync(
    join(dataDir, 'run', 'scrub.json'),
    JSON.stringify({ ...pass, ended: null, next: '1.0' }),
  )
  server = await startServer(t, { dataDir, env })
  await until('the repair', async () => (await server.api.content(id)).status === 200)
  await server.stop()
  t.match(JSON.parse(readFileSync(join(dataDir, 'run', 'scrub.json'), 'utf8')), {
    began: pass.began,
    repaired: 1,
  })
})
