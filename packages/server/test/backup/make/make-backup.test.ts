import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { takeExclusiveLock } from '@custody/event-log'
import t from 'tap'
import { checkBackup } from '../../../src/backup/check-backup.ts'
import { takeBackupLease } from '../../../src/data-folder/backup-lease.ts'
import { layout } from '../../../src/data-folder/data-folder.ts'
import { filledScratch, said } from '../start-deployment.ts'

const here = await filledScratch(t)
const manifest = join(here.backup, 'manifest.sha256')
const former = readFileSync(manifest, 'utf8')

t.test('a folder that has anything else is refused, and not touched', async (t) => {
  const folder = join(here.folder, 'mine')
  mkdirSync(folder)
  writeFileSync(join(folder, 'mine.txt'), 'mine')
  const refused = `backup_unusable: '${folder}' is no folder of a backup: it has 'mine.txt'`
  t.match(await said(here.back({ folder })), refused)
  t.match(
    await said(here.back({ keysFolder: folder })),
    /^backup_unusable: .* is no folder of backed up keys: it has 'mine\.txt'/,
  )
  t.equal(readFileSync(manifest, 'utf8'), former)
})

t.test('folders that lie in one another are refused', async (t) => {
  const { dataDir } = here.config()
  for (const options of [
    { folder: join(dataDir, 'backup') },
    { folder: here.folder },
    { keysFolder: join(here.backup, 'keys') },
    { keysFolder: join(dataDir, 'keys') },
    { keysFolder: here.backup },
  ]) {
    t.match(
      await said(here.back(options)),
      /^invalid_value: .* must not lie in one another/,
    )
  }
  t.notOk(existsSync(join(dataDir, 'backup')))
})

t.test('without a database nothing is made', async (t) => {
  const none = layout(join(here.folder, 'none'))
  t.match(
    await said(here.back({ data: none, folder: join(here.folder, 'of-none') })),
    /^data_folder_unusable: There is no database at /,
  )
  t.notOk(existsSync(none.path))
  t.notOk(existsSync(join(here.folder, 'of-none')))
})

t.test('content is copied, and linked only where that is asked', async (t) => {
  const [blob = ''] = here.blobs
  const inode = (folder: string) => statSync(join(folder, blob)).ino
  const original = inode(here.config().dataDir)
  t.not(inode(here.backup), original)
  const folder = join(here.folder, 'linked')
  await here.back({ folder, keysFolder: undefined, link: true })
  t.equal(inode(folder), original)
  t.match(await checkBackup({ folder, now: Date.now() }), { damaged: [], lost: 0 })
})

t.test('keys that are not those of the snapshot are no backup of keys', async (t) => {
  const path = join(here.config().secretsDir, 'master-key')
  const key = readFileSync(path)
  writeFileSync(path, `${Buffer.alloc(32, 7).toString('base64')}\n`)
  t.match(
    await said(here.back()),
    /^master_key_missing: The master key mk_[0-9a-f]{16} of the snapshot is not in/,
  )
  writeFileSync(path, key)
  t.equal(readFileSync(manifest, 'utf8'), former)
})

t.test('nobody else reads what was backed up', async (t) => {
  const folders = [here.backup, here.keys]
  for (const folder of folders) {
    t.equal(statSync(folder).mode & 0o077, 0)
    for (const name of globSync('{blobs,snapshots,*.sha256,[0-9a-f]*}/**', {
      cwd: folder,
    })) {
      t.equal(statSync(join(folder, name)).mode & 0o077, 0, name)
    }
  }
  t.notOk(globSync('**/log-signing-key', { cwd: here.keys }).length)
})

t.test(
  'the backup of a log is not replaced by one of another, or of another past',
  async (t) => {
    const older = join(here.folder, 'older')
    const { dataDir } = here.config()
    cpSync(dataDir, older, { recursive: true })
    await here.serve(async (api) => {
      await api.upload({ purpose: 'user_data', filename: 'c.txt', content: 'c' })
    })
    await here.back()
    const newer = readFileSync(manifest, 'utf8')
    t.not(newer, former)
    const data = layout(older)
    t.match(
      await said(here.back({ data })),
      /^backup_unusable: .* with events that the log has not, or not any more/,
    )
    // Another way, of as many events.
    await here.serve(async (api) => {
      for (const content of ['d', 'e', 'f']) {
        await api.upload({ purpose: 'user_data', filename: 'd.txt', content })
      }
    }, 'older')
    t.match(
      await said(here.back({ data })),
      /^backup_unusable: .* with events that the log/,
    )
    t.equal(readFileSync(manifest, 'utf8'), newer)
    t.equal(
      readdirSync(join(here.backup, 'snapshots')).length,
      1,
      'nothing is left behind',
    )
    // A restored log goes on where its backup was.
    await here.restore('restored')
    const restored = layout(here.config('restored').dataDir)
    t.match(await here.back({ data: restored }), {
      log: { epoch: 2 },
      copied: { count: 0 },
    })
  },
)

t.test('two backups to one folder, or of one data folder, do not mix', async (t) => {
  const lock = takeExclusiveLock(join(here.backup, 'backup.lock'))
  t.match(
    await said(here.back()),
    /^backup_unusable: .* is in use: a backup is being written/,
  )
  t.match(await said(here.restore('locked')), /^backup_unusable: .* is in use/)
  lock?.release()
  const data = layout(here.config('restored').dataDir)
  const lease = await takeBackupLease(data)
  t.match(
    await said(takeBackupLease(data, { patienceMs: 100 })),
    /^data_folder_in_use: Another backup of the data folder/,
  )
  lease.release()
  const again = await takeBackupLease(data)
  again.release()
})

t.test('what a run left that was cut short is taken, and the rest goes', async (t) => {
  const data = layout(here.config('restored').dataDir)
  const [blob = '', other = ''] = here.blobs
  rmSync(manifest)
  rmSync(join(here.backup, other))
  const part = join(here.backup, `${other}.part`)
  const stray = join(here.backup, 'blobs/00/00000000-0000-7000-8000-000000000000')
  mkdirSync(join(here.backup, 'blobs/00'), { recursive: true })
  writeFileSync(part, 'half of it')
  writeFileSync(stray, 'of a file that was deleted')
  mkdirSync(join(here.backup, 'snapshots', 'half'))
  t.match(await said(here.restore('half')), /^backup_unusable: .* holds no whole backup/)
  t.match(await here.back({ data }), { kept: 1, copied: { count: 1 }, removed: 1 })
  t.ok(existsSync(join(here.backup, blob)))
  for (const path of [part, stray, join(here.backup, 'snapshots', 'half')]) {
    t.notOk(existsSync(path), path)
  }
})
