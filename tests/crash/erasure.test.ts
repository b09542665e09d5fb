import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  howOften,
  spawnServer,
  storedBlobs,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'
import { createRandom } from './random.ts'

const KiB = 1024
const env = { CUSTODY_SEAL: 'off' }

/** Names of those files whose marks any file in the folder holds. */
function found(dataDir: string, marks: ReadonlyMap<string, string>): string[] {
  const here = new Set<string>()
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    for (const [id, mark] of marks) if (bytes.includes(mark)) here.add(id)
  }
  return [...here]
}

for (let round = howOften(1, 3); round > 0; round -= 1) {
  t.test('an erasure that is killed is as if never asked, or is finished', async (t) => {
    const seed = Date.now() % 2 ** 32
    t.comment(`seed ${seed}`)
    const random = createRandom(seed)
    const dataDir = temporaryFolder(t)
    const server = await spawnServer({ dataDir, env })
    const marks = new Map<string, string>()
    const answered = new Map<string, string>()
    try {
      for (let n = 0; n < 8; n += 1) {
        const mark = `m${randomBytes(12).toString('hex')}`
        const { id } = (
          await server.api.upload({
            purpose: 'user_data',
            filename: `${mark}.txt`,
            content: Buffer.alloc(n % 2 ? 2 * KiB : 150 * KiB, mark),
          })
        ).json()
        marks.set(id, mark)
      }
      let isKilled = false
      const erasures = [...marks].map(async ([id, mark]) => {
        await delay(random.integer(0, 60))
        try {
          const { status, text } = await server.api.call('POST', `/v1/files/${id}/erase`)
          if (status === 200) answered.set(id, mark)
          else t.fail(`${status} ${text}`)
        } catch (error) {
          if (!isKilled) t.fail(String(error))
        }
      })
      await delay(random.integer(0, random.pick([100, 250, 400]) ?? 0))
      isKilled = true
      await server.kill()
      await Promise.all(erasures)
    } finally {
      await server.kill()
    }
    t.same(found(dataDir, answered), [], 'what was answered is done')

    const again = await spawnServer({ dataDir, env })
    try {
      const gone = new Map<string, string>()
      for (const [id, mark] of marks) {
        const { status } = await again.api.get(id)
        if (status === 404) gone.set(id, mark)
        else {
          t.notOk(answered.has(id), 'what was answered is gone')
          const { bytes } = await again.api.content(id)
          t.ok(bytes.includes(mark), 'as if never asked')
          t.equal((await again.api.get(id)).json().filename, `${mark}.txt`)
        }
      }
      await until('the end of the erasures', () => found(dataDir, gone).length === 0)
      t.comment(
        `${gone.size} of ${marks.size} are erased, ${answered.size} were answered`,
      )
      const replay = await again.custody('audit', 'replay')
      t.equal(replay.code, 0, replay.stdout)
      for (const id of marks.keys()) {
        const { status } = await again.api.call('POST', `/v1/files/${id}/erase`)
        t.equal(status, 200)
      }
      t.same(found(dataDir, marks), [])
      t.same(storedBlobs(dataDir), [])
      const verify = await again.custody('audit', 'verify', '--blobs')
      t.equal(verify.code, 0, verify.stdout)
    } finally {
      await again.stop()
    }
  })
}
