import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testId, toyRequest } from '../../../../testkit/src/event-log/asker.ts'
import { logModule } from '../../../../testkit/src/event-log/toy-log-module.ts'
import { openForReading } from '../../../src/engines/sqlite/connection/open-database.ts'
import { openSqliteLogWriter } from '../../../src/engines/sqlite/sqlite-log-writer.ts'
import { systemClock } from '../../../src/log-clock.ts'

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: a closed log is one file, whoever reads it still`, async (t) => {
    const path = join(t.testdir({}), 'custody.db')
    const writer = await openSqliteLogWriter({
      path,
      driver,
      module: logModule,
      clock: systemClock,
      random: (bytes) => new Uint8Array(bytes),
      genesis: { ...toyRequest({ type: 'Start' }), eventId: testId(0) },
      onDefect: (error) => t.fail(String(error)),
      onRebuildFailed: (error) => t.fail(String(error)),
    })
    const reader = await openForReading(path, driver)
    t.teardown(() => reader.close())
    const count = await reader.prepare('select count(*) as events from events')
    t.match(await count.get([]), { events: 1 })
    t.not(statSync(`${path}-wal`).size, 0)
    await writer.close()
    t.equal(statSync(`${path}-wal`).size, 0)
  })
}
