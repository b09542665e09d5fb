import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CustodyError } from '@custody/domain'
import t from 'tap'
import { checkBackup } from '../../../src/backup/check-backup.ts'
import { layout } from '../../../src/data-folder/data-folder.ts'
import { filledScratch, said, scratch } from '../start-deployment.ts'

const here = await filledScratch(t)
const { ids, contents, snapshot, generation } = here

t.test('a folder that was used is refused, and stays as it was', async (t) => {
  for (const name of ['custody.db', 'blobs', 'erasures.log', 'mine.txt']) {
    const used = join(here.folder, `used-${name}`)
    mkdirSync(used)
    writeFileSync(join(used, name), 'mine')
    t.match(await said(here.restore(`used-${name}`)), `it has '${name}'`)
    t.same(readdirSync(used), [name])
  }
  t.match(
    await said(here.restore('backup')),
    'invalid_value: the data folder',
    'nor into the backup',
  )
})

t.test('an empty folder is taken, and secrets that are there stay', async (t) => {
  const secrets = join(here.folder, 'there', 'secrets')
  mkdirSync(secrets, { recursive: true })
  const key = readFileSync(join(here.keys, generation, 'master-key'))
  writeFileSync(join(secrets, 'master-key'), 'bm90IHRoZSBrZXk=\n')
  t.match(await said(here.restore('there')), /^backup_unusable: .*is another key than/)
  t.same(readdirSync(join(here.folder, 'there')), ['secrets'])
  writeFileSync(join(secrets, 'master-key'), key)
  writeFileSync(join(secrets, 'log-signing-key'), 'of the log as it was')
  const { missing } = await here.restore('there', { keysFolder: undefined })
  t.equal(
    readFileSync(join(secrets, 'log-signing-key.former'), 'utf8'),
    'of the log as it was',
  )
  t.match(
    readFileSync(join(secrets, 'log-signing-key'), 'utf8'),
    /^PRIVATE\+KEY\+custody\//,
  )
  t.same(missing, { master: [], webhookSecrets: 0 })
  t.same(readFileSync(join(secrets, 'master-key')), key)
})

t.test('keys of another deployment are refused', async (t) => {
  const other = scratch(t)
  await other.serve(async () => {})
  await other.back()
  const given = here.restore('others', { keysFolder: other.keys })
  t.match(
    await said(given),
    /^master_key_missing: .* have mk_[0-9a-f]{16}, and .* under mk_[0-9a-f]{16}: they are of another backup/,
  )
  t.match(
    await said(here.restore('others', { keysFolder: here.folder })),
    /^backup_unusable: .*holds no keys that `custody backup --keys` has written/,
  )
  t.notOk(existsSync(join(here.folder, 'others')))
})

t.test(
  'what is no checkpoint of the log, and no list of erasures, is refused',
  async (t) => {
    const path = join(here.folder, 'x')
    const refused = async (given: 'checkpoint' | 'erasures', text: string) => {
      writeFileSync(path, text)
      return await said(here.restore('refused', { [given]: path }))
    }
    const [own = ''] = snapshot.filter((name) => name.endsWith('log.checkpoint'))
    const note = readFileSync(join(here.backup, own), 'utf8')
    t.match(
      await refused('checkpoint', ''),
      /^invalid_value: .*is no checkpoint of this log/,
    )
    const foreign = note.replaceAll(/custody\/[0-9a-f-]+/g, 'custody/another')
    t.match(
      await refused('checkpoint', foreign),
      /it is of custody\/another\/1, and the backup of/,
    )
    const [, size] = note.split('\n')
    const forged = note.replace(`\n${size}\n`, '\n999\n')
    t.match(
      await refused('checkpoint', forged),
      /^invalid_value: /,
      'it is not signed so',
    )
    t.match(await refused('erasures', '{}\n'), /^invalid_value: .* '\{\}' is no erasure/)
    t.match(await refused('erasures', 'x\n'), /^invalid_value: .* 'x' is not JSON/)
    rmSync(path)
    t.match(
      await said(here.restore('refused', { erasures: path })),
      /^invalid_value: .*it is not there/,
    )
    t.notOk(existsSync(join(here.folder, 'refused')))
  },
)

t.test('a backup that an older version made is restored', async (t) => {
  const folder = join(here.folder, 'older-backup')
  cpSync(here.backup, folder, { recursive: true })
  const path = join(folder, pieceNamed('custody.db'))
  const db = new DatabaseSync(path)
  db.exec(`create table former (epoch integer not null, size integer not null, root blob not null,
      note text not null, primary key (epoch, size)) strict, without rowid;
    insert into former select epoch, size, root, note from checkpoints;
    drop table checkpoints;
    alter table former rename to checkpoints;
    delete from migrations where name >= '0010'`)
  db.close()
  const manifest = join(folder, 'manifest.sha256')
  const sha256 = (bytes: string | Buffer) =>
    createHash('sha256').update(bytes).digest('hex')
  const text = readFileSync(manifest, 'utf8')
    .replace(/^# end .*\n/m, '')
    .replace(/^[0-9a-f]{64}(?= {2}.*custody\.db$)/m, sha256(readFileSync(path)))
  writeFileSync(manifest, `${text}# end ${sha256(text)}\n`)
  const check = await checkBackup({ folder, now: Date.now() })
  t.match(check, { damaged: [], older: /are of an older version of Custody/ })
  await here.restore('from-older', { folder })
  await here.serve(async (api) => {
    t.same((await api.content(ids[1] ?? '')).bytes, contents[1])
  }, 'from-older')
})

t.test('a restore that is stopped leaves nothing behind', async (t) => {
  const stop = new AbortController()
  const reason = new CustodyError('data_folder_unusable', 'Stopped.')
  const restored = here.restore('stopped', {
    signal: stop.signal,
    onProgress: (text) => {
      if (text.includes('content')) stop.abort(reason)
    },
  })
  t.equal(await said(restored), 'data_folder_unusable: Stopped.')
  t.notOk(existsSync(join(here.folder, 'stopped')))
})

t.test('one that was killed is begun anew; no server starts meanwhile', async (t) => {
  const { restoring, path } = layout(here.config('killed').dataDir)
  mkdirSync(join(restoring, 'blobs'), { recursive: true })
  writeFileSync(join(restoring, 'custody.db'), 'half of it')
  writeFileSync(join(path, 'lock.db'), '')
  t.match(
    await said(here.serve(async () => {}, 'killed')),
    /^data_folder_unusable: A restore into .* was cut short: run `custody restore` again/,
  )
  t.equal((await here.restore('killed')).blobs.count, 2)
  t.notOk(existsSync(restoring))
})

t.test('one that was killed while it was put in place is finished', async (t) => {
  // Every state that a kill can leave: so many of the files are in place, the rest is not.
  const whole = layout(here.config('whole').dataDir)
  const report = await here.restore('whole')
  const inPlace = readdirSync(whole.path).filter(
    (name) => name !== 'lock.db' && name !== 'secrets',
  )
  const order = ['blobs', 'erasures.log', 'log.vkey', 'log.checkpoint', 'custody.db']
  t.same(new Set(inPlace.filter((name) => name !== 'custody.db-wal')), new Set(order))
  for (let moved = 0; moved <= order.length; moved += 1) {
    const name = `half-${moved}`
    const half = layout(here.config(name).dataDir)
    cpSync(whole.path, half.path, { recursive: true })
    mkdirSync(half.restoring)
    writeFileSync(join(half.restoring, 'ready.json'), JSON.stringify(report))
    renameSync(join(half.path, 'secrets'), join(half.restoring, 'secrets'))
    const left = [...order.slice(moved), ...(moved < 5 ? ['custody.db-wal'] : [])]
    for (const one of left) {
      if (!existsSync(join(half.path, one))) continue
      renameSync(join(half.path, one), join(half.restoring, one))
    }
    t.same(await here.restore(name), report)
    for (const one of [...order, 'secrets']) t.ok(existsSync(join(half.path, one)), one)
    t.notOk(existsSync(half.restoring))
  }
  await here.serve(async (api) => {
    for (const [index, id] of ids.entries()) {
      t.same((await api.content(id)).bytes, contents[index])
    }
  }, 'half-3')
})

t.test(
  'lists of erasures that went two ways are joined; a checkpoint is taken',
  async (t) => {
    const list = readFileSync(join(here.backup, pieceNamed('erasures.log')), 'utf8')
    const checkpoint = join(here.backup, pieceNamed('log.checkpoint'))
    const path = join(here.folder, 'erasures')
    const erased = JSON.parse(list.split('\n')[0] ?? '').erased
    const stream = '01980000-0000-7000-8000-000000000001'
    const further = JSON.stringify({ erased: { ...erased, event: stream, stream } })
    writeFileSync(path, `${further}\n`)
    const { old } = await here.restore('joined', { erasures: path, checkpoint })
    const joined = readFileSync(join(here.folder, 'joined', 'erasures.log'), 'utf8')
    t.ok(joined.startsWith(`${list}${further}\n`))
    const [origin, size] = readFileSync(checkpoint, 'utf8').split('\n')
    t.equal(old.origin, origin)
    t.ok(old.size >= Number(size), 'the backup knows of more')
  },
)

function pieceNamed(name: string): string {
  return snapshot.find((piece) => piece.endsWith(`/${name}`)) ?? ''
}
