import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testId, toyRequest } from '../../../../testkit/src/event-log/asker.ts'
import type { ToyCommand } from '../../../../testkit/src/event-log/toy-commands.ts'
import { logModule } from '../../../../testkit/src/event-log/toy-log-module.ts'
import { openSqliteLogWriter } from '../../../src/engines/sqlite/sqlite-log-writer.ts'
import { systemClock } from '../../../src/log-clock.ts'

const NAME = 'Wilhelmine Erasmus'

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: what was erased is in no file of the open log`, async (t) => {
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
    t.teardown(() => writer.close())
    const append = (command: ToyCommand, id: number) =>
      writer.append([
        { request: { ...toyRequest(command), eventId: testId(id) }, attachments: [] },
      ])
    const isThere = (file: string) => readFileSync(file).includes(NAME)

    await append({ type: 'Open', account: 'a', owner: NAME }, 1)
    t.ok(isThere(`${path}-wal`))
    t.match(await append({ type: 'Forget', account: 'a' }, 2), [{ replayed: false }])
    t.notOk(isThere(`${path}-wal`))
    t.notOk(isThere(path))
  })
}
