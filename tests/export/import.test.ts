import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type ApiClient,
  commandOf,
  custody,
  custodyHere,
  environment,
  multipart,
  startServer,
  temporaryFolder,
  testSettings,
  until,
} from '@custody/testkit'
import t from 'tap'
import { startReceiver } from '../webhooks/start-receiver.ts'
import { canonical, fileOf, linesOf, makeExport, resealed } from './exported.ts'

// The receiver of webhooks is on loopback.
const env = { CUSTODY_WEBHOOK_ALLOW: '127.0.0.0/8' }
const exported = makeExport(t, 10, env)

t.test('an import is a deployment with the same log', async (t) => {
  const { server, lines, contents, deleted, erased, secret } = await exported
  const { end } = JSON.parse(lines.at(-1) ?? '')
  const dataDir = join(temporaryFolder(t), 'new', 'place')
  const project = await server.createProject()
  const later = join(temporaryFolder(t), 'later.ndjson')
  const upload = { purpose: 'user_data', filename: 'theirs', content: 'Hello' }
  const theirs = (await project.api.upload(upload)).json().id
  const parts = await beginUpload(server.api)
  const receiver = await startReceiver(t)
  const webhook = { url: receiver.url, events: ['file.uploaded'] }
  const made = await server.api.call('POST', '/v1/webhooks', { body: webhook })
  t.equal(made.status, 200, made.text)
  await server.api.upload({ ...upload, filename: 'told once' })
  await until('the webhook to be told', () => receiver.messages.length || undefined)
  t.equal((await server.custody('audit', 'export', later, '--blobs')).code, 0)
  const listed = await server.api.listAll()
  const key = (await server.admin.call('GET', '/v1/log/key')).text.trim()

  const { code, stdout, stderr } = await custody(['import', later, '--key', key], {
    dataDir,
  })
  t.equal(code, 0, stdout + stderr)
  t.match(stdout, /^Imported \d+ events, root .*=, \d+ extents of \d+ bytes\n/)
  t.match(stdout, /Log key {4}custody\/[0-9a-f-]+\/2\+/)
  t.strictSame(
    namesIn(dataDir),
    [
      'blobs',
      'custody.db',
      'erasures.log',
      'lock.db',
      'log.checkpoint',
      'log.vkey',
      'run',
      'secrets',
    ],
    'and nothing of how it was made',
  )
  const again = await startServer(t, { dataDir, env })

  t.test('with files, their contents and the index', async (t) => {
    t.strictSame(await again.api.listAll(), listed)
    for (const [id, content] of contents) {
      const answer = await again.api.content(id)
      t.ok(answer.bytes.equals(content), `${answer.status} ${id}`)
    }
    t.equal((await again.as(project.key).content(theirs)).text, 'Hello', 'keys are good')
    t.equal((await again.api.get(theirs)).status, 404, 'each for its project')
    for (const id of [...deleted, erased]) t.equal((await again.api.get(id)).status, 404)
    const replayed = await again.custodyHere('audit', 'replay')
    t.equal(replayed.code, 0, replayed.stdout)
  })

  t.test('that still extends what was signed of it, and says what it is', async (t) => {
    const kept = join(temporaryFolder(t), 'kept')
    writeFileSync(kept, end.checkpoint)
    const flags = ['--blobs', '--checkpoint', kept]
    const verified = await again.custodyHere('audit', 'verify', ...flags)
    t.equal(verified.code, 0, verified.stdout)
    t.match(verified.stdout, `extends the checkpoint at ${end.events}`)
    const log = (await again.admin.call('GET', '/v1/log/export')).text
    const records = linesOf(log).flatMap((line) => JSON.parse(line).event?.record ?? [])
    const before = linesOf(readFileSync(later, 'utf8')).flatMap(
      (line) => JSON.parse(line).event?.record ?? [],
    )
    t.strictSame(records.slice(0, before.length), before, 'the same records')
    const [restored] = records.slice(before.length).map((text) => JSON.parse(text))
    t.match(restored, {
      type: 'LogRestored',
      position: before.length + 1,
      data: { epoch: 2, reason: 'import', old: { size: before.length } },
    })
    t.match(
      (await again.admin.call('GET', '/v1/log/checkpoint')).text,
      /^custody\/[0-9a-f-]+\/2\n/,
    )
  })

  t.test('whose erased files stay erased', async (t) => {
    const events = await again.api.call('GET', `/v1/files/${erased}/events`)
    t.equal(events.status, 200)
    t.notMatch(events.text, secret)
    const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    for (const name of files) {
      const path = join(dataDir, name)
      if (!/^(custody\.db|blobs\/..\/)/.test(name)) continue
      t.notOk(readFileSync(path).includes(secret), name)
    }
    t.match(readFileSync(join(dataDir, 'erasures.log'), 'utf8'), '"personal"')
  })

  t.test('sealed under a master key of its own', async (t) => {
    const masterKey = (folder: string) =>
      readFileSync(join(folder, 'secrets/master-key'), 'utf8')
    t.not(masterKey(dataDir), masterKey(server.dataDir))
    const db = new DatabaseSync(join(dataDir, 'custody.db'), { readOnly: true })
    const rows = db
      .prepare('select format, count(*) as n from extents group by format')
      .all()
    const keks = db.prepare('select distinct kek from wrapped_keys').all()
    db.close()
    t.ok(
      rows.every(({ format }) => String(format).startsWith('sealed')),
      JSON.stringify(rows),
    )
    t.equal(keks.length, 1)
    for (const name of readdirSync(join(dataDir, 'blobs'), {
      recursive: true,
      encoding: 'utf8',
    })) {
      if (name.length > 3)
        t.notMatch(readFileSync(join(dataDir, 'blobs', name)), '0123456789abcdef')
    }
  })

  t.test(
    'whose webhooks tell what happened since, once they have a secret',
    async (t) => {
      const { id } = made.json()
      const known = receiver.messages.length
      const sent = (await again.api.upload({ ...upload, filename: 'since' })).json().id
      const rotated = await again.api.call('POST', `/v1/webhooks/${id}/rotate_secret`)
      t.equal(rotated.status, 200, rotated.text)
      await until('the webhook to be told', () => receiver.messages[known])
      t.equal(receiver.messages[known]?.event.subject, sent, 'and nothing from before')
    },
  )

  t.test('where an upload in parts is completed', async (t) => {
    const path = `/v1/uploads/${parts.upload}/complete`
    const body = { part_ids: [parts.part] }
    const done = await again.api.call('POST', path, { body })
    t.equal(done.status, 200, done.text)
    const { file } = done.json<{ file: { id: string } }>()
    t.equal((await again.api.content(file.id)).text, 'Hello, parts')
  })

  t.test('that goes on', async (t) => {
    const made = await again.api.upload(upload)
    t.equal(made.status, 200)
    const [id = ''] = contents.keys()
    t.equal((await again.api.delete(id)).status, 200)
    t.equal(
      (await again.api.call('POST', `/v1/files/${made.json().id}/erase`)).status,
      200,
    )
    t.equal(await again.stop(), 0)
    const next = await startServer(t, { dataDir })
    const verified = await next.custodyHere('audit', 'verify', '--blobs')
    t.equal(verified.code, 0, verified.stdout)
  })
})

t.test('files whose content was not exported', async (t) => {
  const { server, contents } = await exported
  const file = join(temporaryFolder(t), 'bare.ndjson')
  t.equal((await server.custody('audit', 'export', file)).code, 0)
  const dataDir = join(temporaryFolder(t), 'new')
  const refused = await custodyHere(['import', file], { dataDir })
  t.equal(refused.code, 2)
  t.match(refused.stderr, /The content of \d+ extents is not in the export/)
  t.notOk(existsSync(dataDir), 'nothing is left')
  const { code, stdout, stderr } = await custodyHere(
    ['import', file, '--without-content'],
    {
      dataDir,
    },
  )
  t.equal(code, 0, stderr)
  t.match(stdout, /without \d+ extents/)
  const again = await startServer(t, { dataDir })
  const [id = ''] = contents.keys()
  t.equal((await again.api.get(id)).status, 200)
  const answer = await again.api.content(id)
  t.match(answer.error(), { status: 410, code: 'content_not_imported' })
  const verified = await again.custodyHere('audit', 'verify', '--blobs')
  t.equal(verified.code, 0, verified.stdout)
  t.match(verified.stdout, /\d+ were not imported with the log/)
  const whole = await again.admin.call('GET', '/v1/log/export?blobs=true')
  t.match(whole.error(), { status: 410, code: 'content_not_imported' })
  t.equal((await again.api.delete(id)).status, 200)
})

t.test('an export that is not what it says is not imported', async (t) => {
  const { lines } = await exported
  const at = lines.findIndex((line) => line.includes('FileUploaded'))
  const { event } = JSON.parse(lines[at] ?? '')
  const record = event.record.replace('user_data', 'assistants')
  const text = fileOf(lines)
  const cases: [string, string | Buffer, RegExp][] = [
    [
      'a record',
      resealed(lines.with(at, canonical({ event: { ...event, record } }))),
      /^events \d+/,
    ],
    ['cut short', text.slice(0, text.length / 2), /is cut short/],
  ]
  for (const [what, changed, expected] of cases) {
    const folder = temporaryFolder(t)
    const file = join(folder, 'log.ndjson')
    writeFileSync(file, changed)
    const { code, stdout } = await custodyHere(['import', file], {
      dataDir: join(folder, 'new'),
    })
    t.equal(code, 1, what)
    t.match(stdout, expected)
    t.match(stdout, /\nNothing was imported\.\n$/)
    t.strictSame(readdirSync(folder), ['log.ndjson'], 'nothing is left')
  }
})

t.test('a data folder that is not for it', async (t) => {
  const { server, file } = await exported
  const served = await custodyHere(['import', file], { dataDir: server.dataDir })
  t.equal(served.code, 2)
  t.match(served.stderr, /is in use: process \d+ serves it/)
  t.equal((await server.api.list()).object, 'list')

  const used = copyOf(t, server.dataDir)
  const before = namesIn(used)
  const full = await custodyHere(['import', file], { dataDir: used })
  t.equal(full.code, 2)
  t.match(full.stderr, /is not empty: it has '/)
  t.strictSame(namesIn(used), before, 'it is as it was')

  const other = join(temporaryFolder(t), 'photos')
  mkdirSync(other)
  writeFileSync(join(other, 'cat.jpg'), 'meow')
  const foreign = await custodyHere(['import', file], { dataDir: other })
  t.equal(foreign.code, 2)
  t.strictSame(readdirSync(other), ['cat.jpg'])

  const withKey = temporaryFolder(t)
  mkdirSync(join(withKey, 'secrets'))
  writeFileSync(join(withKey, 'secrets/log-signing-key'), 'x')
  const signing = await custodyHere(['import', file], { dataDir: withKey })
  t.equal(signing.code, 2)
  t.match(signing.stderr, 'log-signing-key')
})

t.test('an import that is killed at any moment is done by the next', async (t) => {
  const { file, lines, contents } = await exported
  const text = fileOf(lines)
  const dataDir = join(temporaryFolder(t), 'new')
  for (const [given, sign] of [
    [text.slice(0, text.length / 2), 'custody.db'],
    // Nearly done: the new epoch is about to begin.
    [text, 'log.vkey'],
  ] as const) {
    const child = startImport(dataDir)
    child.stdin.write(given)
    if (given === text) child.stdin.end()
    await until(`${sign} to be there`, () =>
      existsSync(join(dataDir, '.import', sign)) ? true : undefined,
    )
    child.kill('SIGKILL')
    await once(child, 'close')
    t.notOk(existsSync(join(dataDir, 'custody.db')), 'there is no deployment')
  }
  const { code, stderr } = await custody(['serve'], { dataDir })
  t.equal(code, 1)
  t.match(
    stderr,
    /An import into the data folder .* was cut short: run `custody import` again/,
  )
  const again = await custodyHere(['import', file], { dataDir })
  t.equal(again.code, 0, again.stderr)
  t.notOk(existsSync(join(dataDir, '.import')))

  t.test('and one that was whole is finished by whoever takes the folder', async (t) => {
    // As it was when the contents and secrets had been moved, and the database had not.
    const imported = join(dataDir, '.imported')
    mkdirSync(imported)
    for (const name of ['custody.db', 'log.vkey']) {
      cpSync(join(dataDir, name), join(imported, name))
    }
    for (const name of ['custody.db', 'log.vkey']) rmSync(join(dataDir, name))
    const second = await custodyHere(['import', file], { dataDir: copyOf(t, dataDir) })
    t.equal(second.code, 2)
    t.match(second.stderr, 'is finished now')
    const server = await startServer(t, { dataDir })
    t.notOk(existsSync(imported))
    t.equal((await server.api.listAll()).length, contents.size)
    const verified = await server.custodyHere('audit', 'verify', '--blobs')
    t.equal(verified.code, 0, verified.stdout)
  })

  t.test('and one that is asked to stop leaves nothing', async (t) => {
    const folder = temporaryFolder(t)
    const child = startImport(join(folder, 'new'))
    child.stdin.write(text.slice(0, text.length / 2))
    await until(
      'the import to begin',
      () => existsSync(join(folder, 'new/.import/custody.db')) || undefined,
    )
    child.kill('SIGTERM')
    const [code] = await once(child, 'close')
    t.equal(code, 2)
    t.strictSame(readdirSync(folder), [])
  })
})

t.test(
  'secrets in a folder of their own, and a list of erasures that is newer',
  async (t) => {
    const { server, file, contents } = await exported
    const [id = ''] = contents.keys()
    const folder = temporaryFolder(t)
    const dataDir = join(folder, 'new')
    const secrets = join(folder, 'secrets')
    mkdirSync(dataDir)
    mkdirSync(secrets)
    writeFileSync(
      join(secrets, 'master-key'),
      `${Buffer.alloc(32, 7).toString('base64')}\n`,
    )
    // Erased after the export was made.
    const old = copyOf(t, server.dataDir)
    const other = await startServer(t, { dataDir: old })
    t.equal((await other.api.call('POST', `/v1/files/${id}/erase`)).status, 200)
    await other.stop()
    cpSync(join(old, 'erasures.log'), join(dataDir, 'erasures.log'))
    const env = { CUSTODY_SECRETS_DIR: secrets }
    const { code, stderr } = await custodyHere(['import', file], { dataDir, env })
    t.equal(code, 0, stderr)
    t.notOk(existsSync(join(dataDir, 'secrets')))
    t.ok(existsSync(join(secrets, 'log-signing-key')))
    t.equal(
      readFileSync(join(secrets, 'master-key'), 'utf8').trim(),
      Buffer.alloc(32, 7).toString('base64'),
      'what was there is used',
    )
    const again = await startServer(t, { dataDir, env })
    t.equal((await again.api.get(id)).status, 404, 'it stays erased')
    const [, live = ''] = contents.keys()
    t.equal((await again.api.content(live)).status, 200)
    const verified = await again.custodyHere('audit', 'verify', '--blobs')
    t.equal(verified.code, 0, verified.stdout)
  },
)

/** Names in a folder, but for what SQLite makes and removes by itself. */
function namesIn(folder: string): string[] {
  const names = readdirSync(folder).sort()
  return names.filter((name) => !/-(wal|shm|journal)$/.test(name))
}

function copyOf(t: Parameters<typeof temporaryFolder>[0], dataDir: string): string {
  const copied = join(temporaryFolder(t), 'copy')
  cpSync(dataDir, copied, { recursive: true })
  return copied
}

/** An import that reads what is written to it. */
function startImport(dataDir: string) {
  const child = spawn(...commandOf(['import', '-']), {
    env: environment({ ...testSettings, CUSTODY_DATA_DIR: dataDir }),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.stdin.on('error', () => {})
  return child
}

/** An upload in parts that has one, and is not completed. */
async function beginUpload(api: ApiClient): Promise<{ upload: string; part: string }> {
  const content = 'Hello, parts'
  const body = {
    bytes: content.length,
    filename: 'parts.txt',
    mime_type: 'text/plain',
    purpose: 'user_data',
  }
  const upload = (await api.call('POST', '/v1/uploads', { body })).json().id
  const form = multipart([{ name: 'data', content, filename: 'x' }])
  const part = await api.call('POST', `/v1/uploads/${upload}/parts`, { body: form })
  return { upload, part: part.json().id }
}
