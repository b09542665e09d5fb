import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@custody/testkit'
import t from 'tap'
import {
  canonical,
  command,
  covers,
  fileOf,
  makeExport,
  resealed,
  verifyText,
} from './exported.ts'

const small = makeExport(t, 10)

t.test('an export verifies by itself, with its contents', async (t) => {
  const { file, folder, contents, lines, server } = await small
  const { end } = JSON.parse(lines.at(-1) ?? '')
  const { code, stdout, stderr } = await command(
    folder,
    'audit',
    'verify',
    file,
    '--blobs',
  )
  t.equal(code, 0, stdout + stderr)
  t.match(
    stdout,
    `OK: ${end.events} events, root ${end.root}, signed as custody/`,
    'count and root are those of the log',
  )
  t.match(stdout, `by a key that the export names itself, ${contents.size} extents of`)

  t.test('by a key that was kept, and beyond a checkpoint that was', async (t) => {
    const key = (await server.admin.call('GET', '/v1/log/key')).text.trim()
    const kept = join(temporaryFolder(t), 'kept.txt')
    writeFileSync(kept, end.checkpoint)
    const flags = ['--key', key, '--checkpoint', kept, '--json']
    const answer = await command(folder, 'audit', 'verify', file, ...flags)
    t.equal(answer.code, 0, answer.stdout + answer.stderr)
    t.match(JSON.parse(answer.stdout), {
      ok: true,
      events: end.events,
      checkpoint: end.events,
      isTrusted: true,
    })
  })
})

t.test('what is no export cannot be looked at', async (t) => {
  const { folder, file, lines } = await small
  const [first = '', ...rest] = lines
  const newer = first.replace('"version":1', '"version":2')
  for (const [text, expected] of [
    ['', /it is empty/],
    ['{"a":1}\n', /does not name the format/],
    ['\u0000\u0001\u0002'.repeat(1000), /is cut short/],
    [fileOf([newer, ...rest]), /its version is '2', and this is read: 1/],
    ['x'.repeat(17 * 1024 * 1024), /longer than any line/],
  ] as const) {
    await t.rejects(verifyText(text), { key: 'invalid_export', message: expected })
  }
  const missing = await command(folder, 'audit', 'verify', join(folder, 'nothing'))
  t.equal(missing.code, 2)
  t.match(missing.stderr, /The export '.*nothing' cannot be read: ENOENT/)
  const noKey = await command(folder, 'audit', 'verify', file, '--key', 'custody/x+y')
  t.equal(noKey.code, 2, 'a key that is none')
})

t.test('another key, and the checkpoint of another log', async (t) => {
  const { folder, file, lines } = await small
  const other = await makeExport(t, 10)
  const key = (await other.server.admin.call('GET', '/v1/log/key')).text.trim()
  const byKey = await command(folder, 'audit', 'verify', file, '--key', key)
  t.equal(byKey.code, 1)
  t.match(byKey.stdout, /^checkpoint: /)
  const [, ...rest] = other.lines
  const mixed = resealed([lines[0] ?? '', ...rest])
  const { findings } = await verifyText(mixed)
  t.match(findings[0]?.problem, /another log than its first event/)
  t.match(findings[1]?.problem, /another origin than its first line/)
})

t.test('an export that was cut short anywhere', async (t) => {
  const { lines } = await small
  const text = fileOf(lines)
  const cuts = [
    text.length - 1,
    ...Array.from(
      { length: 30 },
      (_, n) => 300 + Math.floor((n / 30) * (text.length - 300)),
    ),
  ]
  for (const at of cuts) {
    const { count, findings } = await verifyText(text.slice(0, at))
    const told = findings.some(
      ({ table, problem }) => table === 'export' && /cut short/.test(problem),
    )
    t.ok(count > 0 && told, `after ${at} bytes`)
  }
})

t.test(
  'a record that was written anew with its hashes contradicts the batches',
  async (t) => {
    const { lines } = await small
    const at = lines.findIndex((line) => line.includes('"type\\":\\"FileDeleted'))
    const { event } = JSON.parse(lines[at] ?? '')
    const record = event.record.replace(/"actor":"[^"]*"/, '"actor":"key:somebody"')
    const bytes = Buffer.concat([Buffer.of(0), Buffer.from(record)])
    const leaf_hash = Buffer.from(await crypto.subtle.digest('SHA-256', bytes))
    const changed = {
      event: { ...event, record, leaf_hash: leaf_hash.toString('base64') },
    }
    const { findings } = await verifyText(resealed(lines.with(at, canonical(changed))))
    const { position } = JSON.parse(record)
    t.ok(
      findings.some(({ table, key }) => table === 'events' && covers(key, position)),
      JSON.stringify(findings),
    )
  },
)

t.test('private data that came back after its erasure', async (t) => {
  const { lines, erased, secret } = await small
  t.notMatch(fileOf(lines), secret, 'an export does not have it')
  const at = lines.findIndex(
    (line) => line.includes(uuidOf(erased)) && line.includes('FileUploaded'),
  )
  const { event } = JSON.parse(lines[at] ?? '')
  const salt = Buffer.alloc(16).toString('base64')
  const changed = { event: { ...event, private: { personal: { body: '{}', salt } } } }
  const { findings } = await verifyText(resealed(lines.with(at, canonical(changed))))
  t.match(
    findings
      .map(({ table, column, problem }) => `${table} ${column} ${problem}`)
      .join('\n'),
    /is there, and event \d+ says that it was erased/,
  )
})

t.test(
  'a content that is another one, that is missing, or that no event has',
  async (t) => {
    const { lines } = await small
    const begin = lines.findIndex((line) => line.startsWith('{"content":'))
    const { extent, bytes } = JSON.parse(lines[begin] ?? '').content
    const data = (text: string) =>
      canonical({ data: Buffer.from(text).toString('base64') })
    const cases: [string, readonly string[], RegExp][] = [
      [
        'another one',
        lines.with(begin + 1, data('x'.repeat(bytes))),
        /the content is not the one that the event of [0-9a-f-]+ has/,
      ],
      [
        'shorter',
        lines.with(begin + 1, data('x')),
        /begins a content of 10 bytes, and 1 follow/,
      ],
      ['missing', lines.toSpliced(begin, 2), /the content of [0-9a-f-]+ is missing/],
      [
        'of no event',
        lines.with(
          begin,
          lines[begin]?.replace(extent, '00000000-0000-7000-8000-000000000000') ?? '',
        ),
        /a content that no event has/,
      ],
      [
        'twice',
        lines.toSpliced(begin, 0, ...lines.slice(begin, begin + 2)),
        /stands before, too/,
      ],
      [
        'a path',
        lines.with(
          begin,
          canonical({ content: { bytes, extent: '../../../etc/passwd' } }),
        ),
        /begins a content, and does not say which/,
      ],
    ]
    for (const [what, changed, expected] of cases) {
      const { findings } = await verifyText(resealed(changed))
      t.match(findings.map(({ problem }) => problem).join('\n'), expected, what)
    }
  },
)

t.test('an export without contents is told from one that lost them', async (t) => {
  const { server, folder, contents } = await small
  const file = join(temporaryFolder(t), 'bare.ndjson')
  t.equal((await server.custody('audit', 'export', file)).code, 0)
  const bare = await command(folder, 'audit', 'verify', file)
  t.equal(bare.code, 0, bare.stdout)
  t.match(bare.stdout, `, ${contents.size} extents are not in it`)
  const asked = await command(folder, 'audit', 'verify', file, '--blobs')
  t.equal(asked.code, 1)
  t.match(asked.stdout, /^contents: the export was made without contents\n/)
})

const uuidOf = (id: string) =>
  id.replace(/^file-(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
