import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Finding } from '@custody/event-log'
import { verifyDataFolder } from '@custody/server'
import {
  custodyHere,
  plainRoot,
  readEvents,
  startServer,
  temporaryFolder,
} from '@custody/testkit'
import fc from 'fast-check'
import t from 'tap'
// By its path: nothing else in this folder needs it.
import {
  formatCheckpoint,
  formatVerifierKey,
  makeSignerKey,
  signNote,
} from '../../packages/transparency/src/index.ts'
import { mutatedTexts } from '../../packages/transparency/test/mutations.ts'
import { readTexts, rewriteLog, tamperWith } from './tamper.ts'

// A log with a checkpoint that was kept before it grew on.

const folder = temporaryFolder(t)
const dataDir = join(folder, 'data')
/** What the log signed itself. */
const signed = join(folder, 'signed')
let kept = { size: 0, root: Buffer.alloc(0) }
let logId = ''

const signerOf = (id: string, seed = 7) =>
  makeSignerKey(`custody/${id}/0`, Buffer.alloc(32, seed))

function note(id: string, size: number, root: Uint8Array, seed = 7): string {
  const signer = signerOf(id, seed)
  const origin = signer.verifier.name
  return signNote(formatCheckpoint({ origin, size, root: Buffer.from(root) }), [signer])
}

t.before(async () => {
  const server = await startServer(t, { dataDir })
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  for (let n = 0; n < 20; n += 1) await server.api.upload(upload)
  const { events, root } = await verifyDataFolder({ dataDir, driver: 'node', now: 0 })
  t.equal((await server.custody('audit', 'checkpoint', '--out', signed)).code, 0)
  kept = { size: events, root: Buffer.from(root, 'base64') }
  const first = readFileSync(signed, 'utf8')
  const again = await server.custodyHere('audit', 'checkpoint', '--out', signed)
  t.match(again, { code: 1, stderr: /is there already.* Name another file/ })
  t.equal(readFileSync(signed, 'utf8'), first, 'what was kept is not overwritten')
  const nowhere = join(folder, 'nowhere', 'kept')
  const unwritten = await server.custodyHere('audit', 'checkpoint', '--out', nowhere)
  t.match(unwritten, { code: 1, stderr: /nowhere.*' cannot be written: ENOENT/ })
  for (let n = 0; n < 20; n += 1) await server.api.upload(upload)
  t.equal(await server.stop(), 0)
  const [birth] = await readEvents(dataDir)
  logId = String(Object(birth?.record.data).log_id)
})

async function verify(text: string, options: { key?: string; dir?: string } = {}) {
  const file = join(folder, 'checkpoint')
  writeFileSync(file, text)
  const key = options.key ?? formatVerifierKey(signerOf(logId).verifier)
  return await custodyHere(['audit', 'verify', '--checkpoint', file, '--key', key], {
    dataDir: options.dir ?? dataDir,
  })
}

t.test('a log extends the checkpoint that was kept of it', async (t) => {
  const { code, stdout } = await verify(note(logId, kept.size, kept.root))
  t.match(stdout, new RegExp(`^OK: .* extends the checkpoint at ${kept.size}\\n$`))
  t.equal(code, 0)
})

t.test(
  'the key may come from a file, by default log.vkey in the data folder',
  async (t) => {
    const dir = join(folder, 'with-key')
    cpSync(dataDir, dir, { recursive: true })
    rmSync(join(dir, 'log.vkey'))
    const file = join(folder, 'checkpoint')
    writeFileSync(file, note(logId, kept.size, kept.root))
    const args = ['audit', 'verify', '--checkpoint', file]
    const without = await custodyHere(args, { dataDir: dir })
    t.equal(without.code, 2)
    t.match(without.stderr, /log\.vkey.*cannot be read/)
    writeFileSync(
      join(dir, 'log.vkey'),
      `${formatVerifierKey(signerOf(logId).verifier)}\n`,
    )
    t.equal((await custodyHere(args, { dataDir: dir })).code, 0)
    writeFileSync(join(dir, 'log.vkey'), '\n')
    t.equal((await custodyHere(args, { dataDir: dir })).code, 2)
  },
)

t.test(
  'what the log signed itself is verified with the key that it left there',
  async (t) => {
    const args = ['audit', 'verify', '--checkpoint', signed]
    const { code, stdout } = await custodyHere(args, { dataDir })
    t.equal(code, 0, stdout)
    t.match(stdout, / extends the checkpoint at \d+\n$/)
  },
)

t.test('what is no key cannot verify anything', async (t) => {
  const text = note(logId, kept.size, kept.root)
  for (const key of [`custody/${logId}/0+00000000+AAAA`, `custody/${logId}/0`]) {
    const { code, stderr } = await verify(text, { key })
    t.equal(code, 2, stderr)
  }
})

t.test('a log without a checkpoint is verified by a key that it names', async (t) => {
  const run = async (dir: string, ...flags: string[]) =>
    await custodyHere(['audit', 'verify', ...flags], { dataDir: dir })
  const own = readFileSync(join(dataDir, 'log.vkey'), 'utf8').trim()
  const size = readFileSync(signed, 'utf8').split('\n')[1]
  t.match(await run(dataDir, '--key', own), {
    code: 0,
    stdout: new RegExp(`^OK: .*, signed by the key up to ${size}\\n$`),
  })
  const other = formatVerifierKey(signerOf(logId).verifier)
  const refused = { code: 1, stdout: /^key: is none that the log names: .*\nBAD: 1 / }
  t.match(await run(dataDir, '--key', other), refused)
  t.match(
    await run(dataDir, '--key', `${own.slice(0, -1)}${own.endsWith('x') ? 'y' : 'x'}`),
    { code: 2 },
  )

  const dir = join(folder, 'keys')
  cpSync(dataDir, dir, { recursive: true })
  writeFileSync(join(dir, 'log.vkey'), `${other}\n`)
  t.match(await run(dir), refused, 'the one in the folder, too')
  writeFileSync(join(dir, 'log.vkey'), `${own}\n${other}\n`)
  t.match(await run(dir), { code: 0 }, 'of several, one')
  rmSync(join(dir, 'log.vkey'))
  t.match(await run(dir), { code: 2, stderr: /log\.vkey.*cannot be read/ })
  tamperWith(join(dir, 'custody.db'), (db) => db.exec('delete from checkpoints'))
  rmSync(join(dir, 'log.checkpoint'))
  t.match(await run(dir, '--key', own), {
    code: 1,
    stdout: /^key: has signed no checkpoint of this log: they were removed, .*\nBAD: 1 /,
  })
})

t.test('checkpoints that are not of this log are refused', async (t) => {
  const good = note(logId, kept.size, kept.root)
  const other = '0190aaaa-0000-7000-8000-000000000000'
  const bad: Record<string, [text: string, says: RegExp, key?: string]> = {
    'another root': [note(logId, kept.size, Buffer.alloc(32)), /is not what it was/],
    'more events than there are': [
      note(logId, 10_000, kept.root),
      /checkpoint 10000: the log is shorter than it was/,
    ],
    'another log': [
      note(other, kept.size, kept.root),
      /is of another log/,
      formatVerifierKey(signerOf(other).verifier),
    ],
    'another key of the same name': [
      note(logId, kept.size, kept.root, 8),
      /checkpoint: /,
    ],
    'a bit of the signature': [good.replace(/.{4}\n$/, 'AAAA\n'), /checkpoint: /],
    'a size that was changed': [
      good.replace(`\n${kept.size}\n`, `\n${kept.size + 1}\n`),
      /checkpoint: /,
    ],
    'no note': ['hello', /checkpoint: malformed note/],
    nothing: ['', /checkpoint: malformed note/],
  }
  for (const [what, [text, says, key]] of Object.entries(bad)) {
    const { code, stdout } = await verify(text, { ...(key !== undefined && { key }) })
    t.equal(code, 1, what)
    t.match(stdout, says, what)
  }
})

t.test(
  'a log that was cut to what it once was does not extend the checkpoint',
  async (t) => {
    const dir = join(folder, 'cut')
    cpSync(dataDir, dir, { recursive: true })
    const last = kept.size - 3
    tamperWith(join(dir, 'custody.db'), (db) => {
      for (const table of ['event_private', 'events', 'log_batches']) {
        db.exec(`delete from ${table} where position > ${last}`)
      }
    })
    const database = join(dir, 'custody.db')
    t.match(await found(dir), [
      { table: 'checkpoints', column: 'size', problem: 'is none that the log ever had' },
    ])
    tamperWith(database, (db) => db.exec('delete from checkpoints'))
    t.match(await found(dir), [
      { table: 'checkpoints', problem: 'is missing, and log.checkpoint keeps it' },
    ])
    rmSync(join(dir, 'log.checkpoint'))
    t.same(await found(dir), [], 'by itself it is fine')
    const { code, stdout } = await verify(note(logId, kept.size, kept.root), { dir })
    t.equal(code, 1)
    t.match(stdout, /its last events were removed/)
  },
)

/** What is found without any checkpoint from outside. */
async function found(dir: string): Promise<readonly Finding[]> {
  const { stdout } = await custodyHere(['audit', 'verify', '--json'], { dataDir: dir })
  return JSON.parse(stdout).findings
}

t.test(
  'events that were written anew are named by the checkpoints around them',
  async (t) => {
    const dir = join(folder, 'anew')
    cpSync(dataDir, dir, { recursive: true })
    const database = join(dir, 'custody.db')
    tamperWith(database, (db) => rewriteLog(db, kept.size - 2))
    t.match(await found(dir), [
      {
        table: 'checkpoints',
        key: `1 ${kept.size}`,
        column: 'root',
        problem: `was signed, and the log has another one: one of the events 1..${kept.size} is not what it was`,
      },
    ])
    const first = join(folder, 'first')
    const db = new DatabaseSync(database, { readOnly: true })
    const root = plainRoot(readTexts(db).slice(0, kept.size - 10))
    db.close()
    writeFileSync(first, note(logId, kept.size - 10, root))
    const second = join(folder, 'second')
    writeFileSync(second, note(logId, kept.size, kept.root))
    const { code, stdout } = await custodyHere(
      ['audit', 'verify', '--checkpoint', second, '--checkpoint', first].concat([
        '--key',
        formatVerifierKey(signerOf(logId).verifier),
      ]),
      { dataDir: dir },
    )
    t.equal(code, 1)
    t.match(
      stdout,
      `checkpoint ${kept.size}: one of the events ${kept.size - 9}..${kept.size} is not what it was`,
    )
  },
)

t.test(
  'no checkpoint that was changed is taken for one, and none is too much',
  async (t) => {
    const good = note(logId, kept.size, kept.root)
    const text = good.slice(0, good.indexOf('\n\n') + 2)
    const keys = formatVerifierKey(signerOf(logId).verifier)
    const judge = async (changed: Uint8Array) =>
      await verifyDataFolder({
        ...{ dataDir, driver: 'node', now: 0, threads: 0 },
        kept: { notes: [changed], keys },
      })
    t.same((await judge(Buffer.from(good))).findings, [])
    const changes = fc.oneof(
      { weight: 4, arbitrary: mutatedTexts(good) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }) },
    )
    await fc.assert(
      fc.asyncProperty(changes, async (changed) => {
        const { findings } = await judge(changed)
        if (findings.length > 0) {
          return findings.length === 1 && findings[0]?.table === 'checkpoint'
        }
        // Signatures by others may be added.
        return Buffer.from(changed).toString().startsWith(text)
      }),
      { numRuns: 100 },
    )
  },
)
