import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { custody, startServer, temporaryFolder } from '@custody/testkit'
import t from 'tap'
import { noise } from './backup-folders.ts'

const CLIENTS = 4

/** KiB of the files that are erased in the end. */
const ERASED = 120

t.test('a backup while four clients upload and delete is of one moment', async (t) => {
  const server = await startServer(t)
  const { api } = server
  const folder = temporaryFolder(t)
  const backup = join(folder, 'backup')
  let isOver = false
  let now = 0
  /** What each client did, by the file: numbers that grow. */
  const done = new Map<string, { content: Buffer; uploaded: number; deleting?: number }>()

  const client = async (kibibytes: number) => {
    const own: string[] = []
    while (!isOver) {
      const content = noise(kibibytes)
      const form = { purpose: 'user_data', filename: 'a.bin', content }
      const answer = await api.upload(form)
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
      const { id } = answer.json()
      now += 1
      done.set(id, { content, uploaded: now })
      own.push(id)
      if (own.length > 6) {
        const old = own.shift() ?? ''
        const facts = done.get(old)
        now += 1
        if (facts) facts.deleting = now
        // Which waits for no backup; while the database is copied, it may ask to be asked again.
        if (kibibytes === ERASED) await api.call('POST', `/v1/files/${old}/erase`)
        else await api.delete(old)
      }
      await delay(10)
    }
  }
  const auditor = async () => {
    while (!isOver) {
      await api.call('GET', '/v1/log/checkpoint')
      await delay(20)
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    client([150, 4, 150, ERASED][n] ?? 4),
  )
  // What is signed meanwhile covers more than the backup has.
  const audited = auditor()
  const fromTo: { from: number; to: number }[] = []
  for (let run = 0; run < 2; run += 1) {
    const from = now
    const { code, stderr } = await server.custody('backup', backup)
    t.equal(code, 0, stderr)
    fromTo.push({ from, to: now })
  }
  isOver = true
  await Promise.all([...clients, audited])
  await server.stop()
  t.ok(
    fromTo.every(({ from, to }) => to > from),
    'the clients went on meanwhile',
  )

  const dataDir = join(folder, 'data')
  const { code, stderr } = await custody(['restore', backup], {
    dataDir,
    env: { CUSTODY_MASTER_KEY: join(server.dataDir, 'secrets', 'master-key') },
  })
  t.equal(code, 0, stderr)
  const again = await startServer(t, {
    dataDir,
    env: { CUSTODY_MASTER_KEY: join(server.dataDir, 'secrets', 'master-key') },
  })
  const { from, to } = fromTo.at(-1) ?? { from: 0, to: 0 }
  const wrong: string[] = []
  let found = 0
  for (const [id, { content, uploaded, deleting = Number.POSITIVE_INFINITY }] of done) {
    const answer = await again.api.content(id)
    if (answer.status === 200) found += 1
    const mustBe = uploaded <= from && deleting > to
    const mustNotBe = uploaded > to || deleting <= from - CLIENTS
    if (mustBe && answer.status !== 200) wrong.push(`${id} is lost`)
    if (mustNotBe && answer.status === 200) wrong.push(`${id} came back`)
    if (answer.status === 200 && !answer.bytes.equals(content)) {
      wrong.push(`${id} is other content`)
    }
  }
  t.same(wrong, [])
  t.ok(found >= CLIENTS, `${found} files`)
  const verify = await again.custody('audit', 'verify', '--blobs')
  t.equal(verify.code, 0, verify.stdout)
  const replay = await again.custody('audit', 'replay')
  t.equal(replay.code, 0, replay.stdout)
})
