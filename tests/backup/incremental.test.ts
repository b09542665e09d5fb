import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { takeExclusiveLock } from '@custody/event-log'
import { type CommandResult, startServer, temporaryFolder, until } from '@custody/testkit'
import t from 'tap'
import { blobsIn, databaseIn, noise, upload } from './backup-folders.ts'

type Report = {
  readonly blobs: { readonly count: number }
  readonly copied: { readonly count: number; readonly bytes: number }
  readonly kept: number
  readonly removed: number
  readonly lost: { readonly count: number; readonly extents: readonly string[] }
  readonly log: { readonly size: number }
}

const reportOf = ({ code, stdout, stderr }: CommandResult): Report => {
  if (stdout === '') throw new Error(`${code} ${stderr}`)
  return JSON.parse(stdout)
}

t.test('a further backup copies what is new, and ends what was deleted', async (t) => {
  const server = await startServer(t)
  const { dataDir } = server
  const backup = join(temporaryFolder(t), 'backup')
  const back = async (...flags: string[]) =>
    reportOf(await server.custody('backup', backup, '--json', ...flags))
  const first = await upload(server, noise())
  await upload(server, noise())
  t.match(await back(), { copied: { count: 2 }, kept: 0, removed: 0, lost: { count: 0 } })
  const before = blobsIn(backup)
  const inodes = () =>
    new Map(blobsIn(backup).map((path) => [path, statSync(join(backup, path)).ino]))
  const inodesBefore = inodes()
  const database = databaseIn(backup)
  t.not(inodesBefore.get(before[0] ?? ''), statSync(join(dataDir, before[0] ?? '')).ino)

  await upload(server, noise(200))
  await server.api.delete(first)
  const { copied, ...rest } = await back()
  t.match(
    rest,
    { kept: 1, removed: 1, blobs: { count: 2 } },
    'before garbage is collected, too',
  )
  t.equal(copied.count, 1)
  t.ok(copied.bytes > 200 * 1024 && copied.bytes < 201 * 1024)
  t.notOk(existsSync(join(backup, database)), 'with the keys of what was deleted')
  t.equal(readdirSync(join(backup, 'snapshots')).length, 1)
  const [keptPath = ''] = before.filter((path) => existsSync(join(backup, path)))
  t.equal(inodes().get(keptPath), inodesBefore.get(keptPath), 'what is there stays')

  await server.stop()
  t.match(await back(), { kept: 2, copied: { count: 0 }, removed: 0 }, 'without a server')
  // Lost in the backup: it is copied again. Lost in the data folder: the backup has it still.
  const [one = '', two = ''] = blobsIn(backup)
  rmSync(join(backup, one))
  rmSync(join(dataDir, two))
  t.match(await back(), { kept: 1, copied: { count: 1 }, lost: { count: 0 } })
  rmSync(join(backup, two))
  const lost = await server.custody('backup', backup, '--json')
  t.equal(lost.code, 1)
  t.match(reportOf(lost).lost, { count: 1, extents: [two.slice(-36)] })
  t.match(lost.stderr, /1 piece of content could not be backed up/)
})

t.test('garbage waits while a backup copies, and an erasure does not', async (t) => {
  const dataDir = temporaryFolder(t)
  const server = await startServer(t, { dataDir })
  const deleted = await upload(server, noise())
  const [path = ''] = blobsIn(dataDir)
  const lease = takeExclusiveLock(join(dataDir, 'run', 'backup.lock'))
  t.ok(lease, 'nobody has it while nothing is copied')
  await server.api.delete(deleted)
  const erased = await upload(server, noise())
  const { status } = await server.api.call('POST', `/v1/files/${erased}/erase`)
  t.equal(status, 200)
  t.same(blobsIn(dataDir), [path])
  await server.stop()
  t.same(blobsIn(dataDir), [path])
  lease?.release()
  await startServer(t, { dataDir })
  await until('garbage collection', () => blobsIn(dataDir).length === 0)
})
