import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { verifyReceipt } from '@custody/service'
import {
  type Answer,
  type ApiClient,
  custody,
  custodyHere,
  plainCheckpoint,
  plainConsistency,
  plainInclusion,
  plainProof,
  plainRoot,
  startServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'

// What the server proves is held against a plain implementation, which reads the records from the database.

const secrets = join(temporaryFolder(t), 'secrets')
const server = await startServer(t, { env: { CUSTODY_SECRETS_DIR: secrets } })
const folder = temporaryFolder(t)
const vkey = readFileSync(join(server.dataDir, 'log.vkey'), 'utf8').trim()

const get = (api: ApiClient, path: string) => api.call('GET', path)
const log = (path: string, api = server.api) => get(api, `/v1/log/${path}`)

async function upload(api: ApiClient, content = 'Hello'): Promise<string> {
  const form = { purpose: 'user_data', filename: 'a.txt', content }
  const answer = await api.upload(form)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json().id
}

/** The records as they are stored, in their order. */
function records(): string[] {
  const database = new DatabaseSync(join(server.dataDir, 'custody.db'), {
    readOnly: true,
  })
  try {
    const rows = database.prepare('select record from events order by position').all()
    return rows.map(({ record }) => String(record))
  } finally {
    database.close()
  }
}

/** Opens a checkpoint, and holds it against the records. */
function checked(t: Test, note: string) {
  const found = plainCheckpoint(note, vkey)
  if (!found) throw new Error(`not signed by the key of the log: ${note}`)
  const root = plainRoot(records().slice(0, found.size))
  t.equal(found.root, root.toString('base64'), `root of ${found.size}`)
  return found
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

t.test('the log has a key from its first start on', async (t) => {
  t.match(vkey, /^custody\/[0-9a-f-]{36}\/1\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/)
  // What it prints comes through a pipe, and perhaps after its first answers.
  await until('the key is printed', () =>
    server.printed.some((line) => line.endsWith(`Log key    ${vkey}`)),
  )
  const answer = await log('key')
  t.equal(answer.text, `${vkey}\n`)
  t.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
  const keyFile = join(secrets, 'log-signing-key')
  t.match(readFileSync(keyFile, 'utf8'), /^PRIVATE\+KEY\+custody\//)
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  const [first, second] = records().map((record) => JSON.parse(record))
  t.equal(vkey.split('/')[1], first.data.log_id)
  t.match(second, {
    type: 'LogKeyAdded',
    stream: 'log',
    project: 'system',
    data: { algorithm: 'ed25519', vkey, epoch: 1 },
  })
})

t.test('a checkpoint is the root of the records, signed by the key', async (t) => {
  await upload(server.api)
  const { text, headers } = await log('checkpoint')
  const { origin, size } = checked(t, text)
  t.equal(origin, vkey.split('+')[0])
  t.equal(size, records().length)
  t.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
  t.equal((await log('checkpoint')).text, text, 'the same while the log is')
  t.equal(readFileSync(join(server.dataDir, 'log.checkpoint'), 'utf8'), text)
})

t.test('every event of a project is shown to be in the log', async (t) => {
  const { api } = await server.createProject()
  const ids = await Promise.all(['a', 'b', 'c'].map((content) => upload(api, content)))
  await api.delete(ids[1] ?? '')
  const all = records()
  const own = all.flatMap((record, index) => {
    const { project, seq, stream } = JSON.parse(record)
    return stream !== 'x' && project !== 'system' ? [{ index, project, seq }] : []
  })
  const { project } = own.at(-1) ?? {}
  const mine = own.filter((one) => one.project === project)
  t.ok(mine.length >= 4)
  for (const { index, seq } of mine) {
    const answer = await log(`proof?position=${seq}`, api)
    t.equal(answer.status, 200, `${seq}: ${answer.text}`)
    const { number, hashes, note } = plainProof(answer.text)
    t.equal(number, index)
    const { size } = checked(t, note)
    t.same(hashes, plainInclusion(index, records().slice(0, size)))
  }
  for (const id of ids) {
    const proof = await get(api, `/v1/files/${id}/proof`)
    const { number } = plainProof(proof.text)
    t.match(
      JSON.parse(all[number] ?? ''),
      { type: 'FileUploaded', project },
      'its upload',
    )
    t.equal(plainProof((await log(`proof?file=${id}`, api)).text).number, number)
    t.equal(plainProof((await log(`proof?file=${id}`, server.admin)).text).number, number)
    const byPosition = await log(`proof?position=${number + 1}`, server.admin)
    t.equal(plainProof(byPosition.text).number, number, 'the admin key: by the log')
  }
})

t.test('the log is shown to begin with each of its earlier checkpoints', async (t) => {
  const kept: { size: number; root: string }[] = []
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 2 ** round }, () => upload(server.api)))
    // A proof of what has just been written needs a checkpoint that has it.
    const { text } = await log(`consistency?from=${records().length}`)
    kept.push(checked(t, plainProof(text).note))
  }
  const sizes = [0, 1, 2, 3, ...kept.map(({ size }) => size)]
  for (const old of sizes) {
    const { number, hashes, note } = plainProof(
      (await log(`consistency?from=${old}`)).text,
    )
    const { size } = checked(t, note)
    t.equal(number, old)
    t.same(hashes, plainConsistency(old, records().slice(0, size)), `${old} to ${size}`)
  }
  const roots = kept.map(({ size }) =>
    plainRoot(records().slice(0, size)).toString('base64'),
  )
  t.same(
    roots,
    kept.map(({ root }) => root),
    'no checkpoint contradicts another',
  )
})

t.test('tiles are the leaves and their roots, entries the records', async (t) => {
  while (records().length < 300) {
    await Promise.all(Array.from({ length: 50 }, () => upload(server.api)))
  }
  const all = records()
  const leaves = all.map((record) => plainRoot([record]))
  const full = await log('tile/0/000')
  t.same(full.bytes, Buffer.concat(leaves.slice(0, 256)))
  t.match(full.headers.get('cache-control'), /immutable/)
  t.equal(full.headers.get('content-type'), 'application/octet-stream')
  const partial = await log('tile/0/001.p/40')
  t.same(partial.bytes, Buffer.concat(leaves.slice(256, 296)))
  t.notOk(partial.headers.get('cache-control'))
  t.same((await log('tile/0/000.p/7')).bytes, Buffer.concat(leaves.slice(0, 7)))
  t.same((await log('tile/1/000.p/1')).bytes, plainRoot(all.slice(0, 256)))

  const entries = await log('tile/entries/001.p/3', server.admin)
  const expected = all.slice(256, 259).map((record) => {
    const bytes = Buffer.from(record)
    return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes])
  })
  t.same(entries.bytes, Buffer.concat(expected))

  for (const path of [
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/0/0',
    'tile/0/x000/000',
    'tile/1/000',
    'tile/1/001.p/1',
    'tile/0/002',
    'tile/0/009.p/1',
    'tile/2/000.p/1',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/000/',
    'tile/0/000.p/1/',
    'tile/x/000',
    'tile/0/999999999999999999999',
  ]) {
    const answer = await log(path)
    t.match(answer.error(), { status: 404, code: 'tile_not_found' }, path)
  }
  const far = await log('tile/entries/900', server.admin)
  t.equal(far.status, 404)
})

t.test('a receipt proves an upload without the server', async (t) => {
  const { api } = await server.createProject()
  const id = await upload(api, 'the content')
  const answer = await get(api, `/v1/files/${id}/receipt`)
  t.equal(answer.headers.get('content-type'), 'application/json')
  const { record, private: groups } = answer.json<{
    record: string
    private: Record<string, { body: object }>
  }>()
  t.ok(records().includes(record))
  t.match(groups.content?.body, { sha256: sha256('the content') })
  t.same(Object.keys(groups), ['content'], 'and not the name')
  t.notMatch(answer.text, /a\.txt/)

  await api.delete(id)
  const later = await get(api, `/v1/files/${id}/receipt`)
  t.equal(later.status, 200, 'of a file that has ended, too')

  const file = (name: string, content: string | Uint8Array) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  const receipt = file('receipt.json', answer.bytes)
  const right = file('right.txt', 'the content')
  const wrong = file('wrong.txt', 'the c0ntent')
  const run = (...args: string[]) =>
    custodyHere(['audit', 'verify-receipt', ...args], { dataDir: join(folder, 'none') })

  const good = await run(receipt, '--key', vkey, '--content', right)
  t.equal(good.code, 0, good.stderr)
  t.match(
    good.stdout,
    /^OK: FileUploaded [0-9a-f-]{36}, .*\n.*\n.*which the content has\n/,
  )
  t.match(good.stdout, /not shown: personal/)
  const other = await run(receipt, '--key', file('key', `${vkey}\n`), '--content', wrong)
  t.match(other, { code: 1, stdout: /^BAD: the content is another one/ })
  const json = await run(receipt, '--key', vkey, '--json')
  t.match(JSON.parse(json.stdout), { ok: true, type: 'FileUploaded', bytes: 11 })

  const none = await run(receipt)
  t.match(none, { code: 2, stderr: /no verifier key at .*--key/s })
  const noKey = await run(receipt, '--key', file('empty', '\n'))
  t.match(noKey, { code: 2, stderr: /holds no verifier key/ })
  const badKey = await run(
    receipt,
    '--key',
    `${vkey.slice(0, -1)}${vkey.endsWith('x') ? 'y' : 'x'}`,
  )
  t.match(badKey, { code: 2, stderr: /verifier key/ })
  t.equal((await run(join(folder, 'missing'), '--key', vkey)).code, 2)
  const forged = file('forged.json', answer.text.replace('"bytes\\":11', '"bytes\\":12'))
  t.match(await run(forged, '--key', vkey), { code: 1, stdout: /^BAD: / })
  const byDefault = await server.custody('audit', 'verify-receipt', receipt)
  t.equal(byDefault.code, 0, 'by the key of the data folder')
})

t.test('a receipt that was changed in any bit or line counts for nothing', async (t) => {
  const id = await upload(server.api, 'x')
  const { bytes, text } = await get(server.api, `/v1/files/${id}/receipt`)
  const holds = (receipt: Uint8Array) => !('problem' in verifyReceipt(receipt, vkey))
  t.ok(holds(bytes))
  let accepted = 0
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const copy = Buffer.from(bytes)
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (holds(copy)) accepted += 1
  }
  const receipt = JSON.parse(text)
  const lines = receipt.proof.split('\n')
  for (const index of lines.keys()) {
    const proof = lines.toSpliced(index, 1).join('\n')
    if (
      holds(
        Buffer.from(text.replace(JSON.stringify(receipt.proof), JSON.stringify(proof))),
      )
    )
      accepted += 1
  }
  t.equal(accepted, 0)
  for (const end of [0, 1, 100, bytes.length - 1]) t.notOk(holds(bytes.subarray(0, end)))
})

t.test('a receipt of another log counts for nothing', async (t) => {
  const other = await startServer(t)
  const id = await upload(other.api)
  const { bytes, text } = await get(other.api, `/v1/files/${id}/receipt`)
  t.match(verifyReceipt(bytes, vkey), { problem: /known key/ })
  const theirs = readFileSync(join(other.dataDir, 'log.vkey'), 'utf8')
  t.match(verifyReceipt(bytes, theirs), { type: 'FileUploaded' })
  t.match(verifyReceipt(bytes, `${vkey}\n${theirs}`), { type: 'FileUploaded' })
  // Our checkpoint under their proof.
  const { proof } = JSON.parse(text)
  const { note } = plainProof(proof)
  const swapped = text.replace(
    JSON.stringify(note).slice(1, -1),
    JSON.stringify((await log('checkpoint')).text).slice(1, -1),
  )
  t.not(swapped, text)
  t.match(verifyReceipt(Buffer.from(swapped), `${vkey}\n${theirs}`), { problem: /./ })
})

t.test('a stranger’s file or position is answered as one that never was', async (t) => {
  const mine = await server.createProject()
  const theirs = await server.createProject()
  const id = await upload(theirs.api)
  const never = 'file-0198c2d4a5b67c8d9e0f1a2b3c4d5e6f'
  const same = (one: Answer, other: Answer, path: string) => {
    t.equal(one.status, 404, path)
    t.equal(one.text.replaceAll(id, never), other.text, path)
  }
  for (const path of ['proof', 'receipt']) {
    same(
      await get(mine.api, `/v1/files/${id}/${path}`),
      await get(mine.api, `/v1/files/${never}/${path}`),
      path,
    )
  }
  same(
    await log(`proof?file=${id}`, mine.api),
    await log(`proof?file=${never}`, mine.api),
    'file',
  )
  const last = records().length
  const foreign = await log(`proof?position=${last}`, mine.api)
  t.match(foreign.error(), { status: 404, code: 'event_not_found', param: 'position' })
  const beyond = await log(`proof?position=${last + 1000}`, mine.api)
  t.equal(beyond.text.replace(String(last + 1000), String(last)), foreign.text)
  t.equal((await log(`proof?position=${last + 1000}`, server.admin)).status, 404)
  // The id of what is no file.
  const project = await log(`proof?file=${theirs.accountId}`, mine.api)
  t.equal(project.status, 404)
})

t.test('errors are told in the dialect of the project', async (t) => {
  const { api } = await server.createProject({ dialect: 'gravix' })
  const path = '/v1/files/file-0198c2d4a5b67c8d9e0f1a2b3c4d5e6f'
  const { text: expected } = await get(api, path)
  const { text } = await get(api, `${path}/receipt`)
  t.equal(text, expected)
})

t.test('what the log proves needs its scope', async (t) => {
  const { api } = await server.createProject({
    scopes: ['api.files.read', 'api.files.write'],
  })
  const id = await upload(api)
  for (const path of [
    '/v1/log/checkpoint',
    '/v1/log/tile/0/000',
    '/v1/log/consistency?from=1',
    '/v1/log/proof?position=1',
    `/v1/files/${id}/proof`,
    `/v1/files/${id}/receipt`,
  ]) {
    const refused = await get(api, path)
    t.match(refused.error(), { status: 403, message: /api\.audit\.read/ }, path)
    t.equal((await get(server.as(), path)).status, 401, path)
    t.equal((await get(server.as('sk-wrong-key-of-nobody'), path)).status, 401, path)
  }
  t.equal((await get(api, '/v1/log/key')).status, 200, 'any key may know the key')
  t.equal((await get(server.as(), '/v1/log/key')).status, 401)
  t.equal((await log('tile/entries/000')).status, 403, 'records: the admin key only')
  for (const path of ['proof', 'receipt']) {
    t.equal((await get(server.admin, `/v1/files/${id}/${path}`)).status, 403)
  }
  for (const path of ['key', 'checkpoint', 'tile/0/000', 'consistency?from=1']) {
    t.equal((await log(path, server.admin)).status, 200, path)
  }
})

t.test('a wrong question is refused by name', async (t) => {
  const size = records().length
  const wrong = {
    'proof?position=abc': { code: 'invalid_value', param: 'position' },
    'proof?position=-1': { code: 'invalid_value', param: 'position' },
    'proof?position=01': { code: 'invalid_value', param: 'position' },
    'proof?position=1.5': { code: 'invalid_value', param: 'position' },
    'proof?position=99999999999999999999': { code: 'invalid_value', param: 'position' },
    'proof?position=1&position=2': { code: 'duplicate_parameter', param: 'position' },
    'proof?position=1&file=x': { code: 'invalid_value', param: 'position' },
    'proof?place=1': { code: 'unknown_parameter', param: 'place' },
    proof: { code: 'missing_required_parameter' },
    consistency: { code: 'missing_required_parameter', param: 'from' },
    'consistency?from=': { code: 'missing_required_parameter', param: 'from' },
    'consistency?from=x': { code: 'invalid_type', param: 'from' },
    'consistency?from=-1': { code: 'integer_below_min_value', param: 'from' },
    [`consistency?from=${size + 1000}`]: {
      code: 'integer_above_max_value',
      param: 'from',
    },
    'consistency?from=1&to=2': { code: 'unknown_parameter', param: 'to' },
  }
  for (const [path, expected] of Object.entries(wrong)) {
    t.match((await log(path)).error(), { status: 400, ...expected }, path)
  }
  t.match((await log('proof?position=0')).error(), {
    status: 404,
    code: 'event_not_found',
  })
  t.equal((await server.api.call('POST', '/v1/log/checkpoint')).status, 405)
  t.equal((await log('nothing')).status, 404)
})

t.test('the command line gives checkpoints and proofs, served or not', async (t) => {
  const id = await upload(server.api, 'y')
  const served = await server.custodyHere('audit', 'proof', id)
  t.equal(served.code, 0, served.stderr)
  const { number, note } = plainProof(served.stdout)
  t.match(JSON.parse(records()[number] ?? ''), { type: 'FileUploaded' })
  checked(t, note)
  const out = join(folder, 'checkpoint')
  t.equal((await server.custody('audit', 'checkpoint', '--out', out)).code, 0)
  checked(t, readFileSync(out, 'utf8'))
  const verified = await server.custodyHere('audit', 'verify', '--checkpoint', out)
  t.match(verified, { code: 0, stdout: /^OK: .* extends the checkpoint at \d+/ })
  const kept = readFileSync(join(server.dataDir, 'log.checkpoint'), 'utf8')

  // Without the secrets: what was signed last.
  const env = { CUSTODY_SECRETS_DIR: join(folder, 'no-secrets') }
  const options = { dataDir: server.dataDir, env }
  const last = await custodyHere(['audit', 'checkpoint'], options)
  t.match(last, { code: 0, stdout: kept, stderr: /signing key of the log is not here/ })
  const proof = await custody(['audit', 'proof', id], options)
  t.same(plainProof(proof.stdout), plainProof(served.stdout))
  const unknown = await custodyHere(['audit', 'proof', 'file-nobody'], options)
  t.match(unknown, { code: 1, stderr: /No events of file-nobody/ })
})
