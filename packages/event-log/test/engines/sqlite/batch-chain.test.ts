import { createHash } from 'node:crypto'
import t from 'tap'
import { asker } from '../../../../testkit/src/event-log/asker.ts'
import { readLog } from '../../../../testkit/src/event-log/read-log.ts'
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
    await store.tamper(`alter table log_batches drop column chain;
      delete from migrations where name = '0004-batch-chain'`)

    const again = await store.open()
    t.same((await readLog(again.reader)).batches, batches)
    await asker(again)({ type: 'Note', texts: ['after'] })
    await t.rejects(async () => store.tamper('delete from log_batches'), /never removed/)
    await t.rejects(
      async () => store.tamper('update log_batches set time = 1'),
      /never changed/,
    )
  })
}
