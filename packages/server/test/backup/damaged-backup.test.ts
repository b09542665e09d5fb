import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkBackup } from '../../src/backup/check-backup.ts'
import { filledScratch, said } from './start-deployment.ts'

const here = await filledScratch(t)
const { ids, blobs, snapshot, generation } = here

/** Changes one bit of a file for the time of the work. */
async function flipped<T>(path: string, at: number, work: () => Promise<T>): Promise<T> {
  const bytes = readFileSync(path)
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 1
  writeFileSync(path, changed)
  try {
    return await work()
  } finally {
    writeFileSync(path, bytes)
  }
}

t.test('a bit that changed anywhere is found, and nothing is left behind', async (t) => {
  let turn = 0
  t.equal(blobs.length, 2)
  t.equal(snapshot.length, 4, 'database, erasures, keys of the log, checkpoint')
  for (const piece of [...blobs, ...snapshot]) {
    const path = join(here.backup, piece)
    const { length } = readFileSync(path)
    turn += 1
    const at = [0, Math.floor(length / 2), length - 1][turn % 3] ?? 0
    const found = await flipped(path, at, () => said(here.restore('flipped')))
    t.match(found, /^backup_damaged: /)
    t.match(found, `is damaged: ${piece} is damaged: it has the SHA-256`)
    const { damaged } = await flipped(path, 7, () => check())
    t.match(damaged, [new RegExp(`^${piece} is damaged`)])
  }
  const manifest = join(here.backup, 'manifest.sha256')
  const { length } = readFileSync(manifest)
  for (let at = 0; at < length; at += 97) {
    const found = await flipped(manifest, at, () => said(here.restore('flipped')))
    t.match(found, /^backup_damaged: .*its last line is not the SHA-256/)
  }
  for (const name of readdirSync(join(here.keys, generation))) {
    const path = join(here.keys, generation, name)
    const found = await flipped(path, 2, () => said(here.restore('flipped')))
    t.match(found, /^backup_damaged: /, name)
  }
  t.notOk(existsSync(join(here.folder, 'flipped')))
  t.match(await check(), { damaged: [], lost: 0 }, 'all is as it was')
})

const check = () => checkBackup({ folder: here.backup, now: Date.now() })

t.test('a piece that is missing, or cut short, is found', async (t) => {
  for (const piece of [...blobs, ...snapshot]) {
    const path = join(here.backup, piece)
    renameSync(path, `${path}.away`)
    const found = await said(here.restore('missing'))
    t.match(found, `backup_damaged: `)
    t.match(found, `${piece} is missing`)
    const bytes = readFileSync(`${path}.away`)
    writeFileSync(path, bytes.subarray(0, -1))
    t.match(
      await said(here.restore('missing')),
      new RegExp(`^backup_damaged: .*${piece} `),
    )
    renameSync(`${path}.away`, path)
  }
  t.notOk(existsSync(join(here.folder, 'missing')))
})

t.test('the rest can be restored without what is damaged', async (t) => {
  const [piece = ''] = blobs
  const report = await flipped(join(here.backup, piece), 99, () =>
    here.restore('rest', { skipDamaged: true }),
  )
  t.equal(report.blobs.count, 1)
  t.match(report.damaged, [new RegExp(`^${piece} is damaged`)])
  await here.serve(async (api) => {
    const answers = await Promise.all(ids.map((id) => api.content(id)))
    t.same(answers.map(({ status }) => status).sort(), [200, 200, 500])
  }, 'rest')
})

t.test('a database that is not the one of the manifest is told', async (t) => {
  const folder = join(here.folder, 'other')
  cpSync(here.backup, folder, { recursive: true })
  const path = join(folder, 'manifest.sha256')
  const text = readFileSync(path, 'utf8').replace(/"size":\d+/, '"size":3')
  const lines = text.slice(0, text.lastIndexOf('# end'))
  const end = createHash('sha256').update(lines).digest('hex')
  writeFileSync(path, `${lines}# end ${end}\n`)
  t.match(
    await said(here.restore('wrong', { folder })),
    /custody\.db has \d+ events, root .*, and by the manifest 3 events/,
  )
  t.notOk(existsSync(join(here.folder, 'wrong')))
})
