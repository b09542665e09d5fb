import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testId, toyRequest } from '../../../../testkit/src/event-log/asker.ts'
import type { ToyCommand } from '../../../../testkit/src/event-log/toy-commands.ts'
import { logModule } from '../../../../testkit/src/event-log/toy-log-module.ts'
import { openForWriting } from '../../../src/engines/sqlite/connection/open-database.ts'
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

t.test('a WAL that cannot be emptied does not undo the batch that erased', async (t) => {
  const path = join(t.testdir({}), 'custody.db')
  const writer = await openSqliteLogWriter({
    path,
    driver: 'node',
    module: logModule,
    clock: systemClock,
    random: (bytes) => new Uint8Array(bytes),
    genesis: { ...toyRequest({ type: 'Start' }), eventId: testId(0) },
    onDefect: (error) => t.fail(String(error)),
    onRebuildFailed: (error) => t.fail(String(error)),
    open: async (...given) => {
      const connection = await openForWriting(...given)
      return {
        ...connection,
        exec(text) {
          if (text.includes('wal_checkpoint')) throw new Error('disk I/O error')
          return connection.exec(text)
        },
      }
    },
  })
  const command = (asked: ToyCommand, id: number) => ({
    request: { ...toyRequest(asked), eventId: testId(id) },
    attachments: [],
  })
  await writer.append([command({ type: 'Open', account: 'a', owner: NAME }, 1)])
  const outcomes = await writer.append([
    command({ type: 'Forget', account: 'a' }, 2),
    command({ type: 'Open', account: 'b', owner: 'B' }, 3),
  ])
  t.match(outcomes, [{ events: [{ position: 3 }] }, { events: [{ position: 4 }] }])
  await writer.close()
})
