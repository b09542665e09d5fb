import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { logModule } from '../../../../testkit/src/event-log/toy-log-module.ts'
import { openForWriting } from '../../../src/engines/sqlite/connection/open-database.ts'
import { logMigrations, migrate } from '../../../src/engines/sqlite/migrate.ts'

const without = (name: string) =>
  Object.fromEntries(Object.entries(logMigrations).filter(([key]) => key < name))

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: checkpoints from before there was a chain get theirs`, async (t) => {
    const db = await openForWriting(join(t.testdir({}), 'old.db'), driver)
    t.teardown(() => db.close())
    await migrate(db, logModule.migrations, without('0010'))
    const insert = await db.prepare('insert into checkpoints values (?, ?, ?, ?)')
    const rows = [
      [1, 5, Buffer.alloc(32, 1), 'note 1'],
      [1, 700, Buffer.alloc(32, 2), 'note 2 —'],
      [3, 6, Buffer.alloc(32, 3), 'note 3'],
    ] as const
    for (const row of rows) await insert.run([...row])
    await migrate(db, logModule.migrations)

    const found = await db.prepare('select * from checkpoints order by epoch, size')
    let chain = Buffer.alloc(0)
    const expected = rows.map(([epoch, size, root, note]) => {
      chain = createHash('sha256')
        .update(chain)
        .update(JSON.stringify([epoch, size, root.toString('base64'), note]))
        .digest()
      return [epoch, size, root, note, chain].map(String)
    })
    const read = (await found.all([])).map((row) =>
      Object.values(row).map((value) =>
        String(value instanceof Uint8Array ? Buffer.from(value) : value),
      ),
    )
    t.same(read, expected)
    await t.rejects(async () => db.exec('delete from checkpoints'), /never removed/)
    await t.rejects(
      async () => db.exec('update checkpoints set size = 1'),
      /never changed/,
    )
    await t.rejects(
      async () => db.exec("insert into checkpoints values (2, 9, x'', '', x'')"),
      /comes after all/,
    )
  })
}
