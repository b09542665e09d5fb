import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { asker } from '../../../../testkit/src/event-log/asker.ts'
import { readLog } from '../../../../testkit/src/event-log/read-log.ts'
import { logModule } from '../../../../testkit/src/event-log/toy-log-module.ts'
import { openForWriting } from '../../../src/engines/sqlite/connection/open-database.ts'
import { migrate } from '../../../src/engines/sqlite/migrate.ts'
import { createLog } from '../../../src/engines/sqlite/migrations/0001-log.ts'
import { sqliteLogStore } from '../../fixtures/sqlite-log-store.ts'

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: each batch is chained to the one before`, async (t) => {
    const store = sqliteLogStore(t, driver)
    const log = await store.open()
    const ask = asker(log)
    for (const text of ['x', 'y', 'z']) await ask({ type: 'Note', texts: [text] })
    const { batches } = await readLog(log.reader)
    t.equal(batches.length, 4)
    let chain = Buffer.alloc(0)
    for (const {
      position,
      frontier,
      time,
      writer_epoch,
      projections,
      ...row
    } of batches) {
      const base64 = Buffer.from(frontier).toString('base64')
      chain = createHash('sha256')
        .update(chain)
        .update(JSON.stringify([position, base64, time, writer_epoch, projections]))
        .digest()
      t.ok(chain.equals(row.chain), `batch ${position}`)
    }
  })

  t.test(`${driver}: batches from before there was a chain get theirs`, async (t) => {
    const store = sqliteLogStore(t, driver)
    const log = await store.open()
    const ask = asker(log)
    for (const text of ['x', 'y', 'z']) await ask({ type: 'Note', texts: [text] })
    const { batches } = await readLog(log.reader)
    await log.close()

    const db = await openForWriting(join(t.testdir({}), 'old.db'), driver)
    t.teardown(() => db.close())
    await migrate(db, logModule.migrations, { '0001-log': createLog })
    const insert = await db.prepare('insert into log_batches values (?, ?, ?, ?, ?)')
    for (const { position, frontier, time, writer_epoch, projections } of batches) {
      await insert.run([position, frontier, time, writer_epoch, projections])
    }
    await migrate(db, logModule.migrations)
    const found = await db.prepare('select * from log_batches order by position')
    const bytes = (row: object) =>
      Object.entries(row).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ])
    t.same((await found.all([])).map(bytes), batches.map(bytes))
    await t.rejects(async () => db.exec('delete from log_batches'), /never removed/)
    await t.rejects(
      async () => db.exec('update log_batches set time = 1'),
      /never changed/,
    )
  })
}
