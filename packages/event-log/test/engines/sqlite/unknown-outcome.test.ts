import { join } from 'node:path'
import { CustodyError } from '@custody/domain/errors'
import t, { type Test } from 'tap'
import { testId, toyRequest } from '../../../../testkit/src/event-log/asker.ts'
import type { ToyCommand } from '../../../../testkit/src/event-log/toy-commands.ts'
import { logModule } from '../../../../testkit/src/event-log/toy-log-module.ts'
import { openForWriting } from '../../../src/engines/sqlite/connection/open-database.ts'
import { openSqliteLogWriter } from '../../../src/engines/sqlite/sqlite-log-writer.ts'
import { systemClock } from '../../../src/log-clock.ts'

/** What goes wrong with the next COMMIT: before it took place, or after, when only its answer is lost. */
type Fault = 'before' | 'after' | undefined

/** A writer on a real database, whose COMMIT can be made to fail, and whose file can be made to not open. */
async function openFaulty(t: Test) {
  const faults: { commit: Fault; open: boolean; reason: Error } = {
    commit: undefined,
    open: false,
    reason: new Error('The file does not open'),
  }
  const defects: string[] = []
  let opened = 0
  const writer = await openSqliteLogWriter({
    path: join(t.testdir({}), 'custody.db'),
    driver: 'node',
    module: logModule,
    clock: systemClock,
    random: (bytes) => new Uint8Array(bytes),
    genesis: { ...toyRequest({ type: 'Start' }), eventId: testId(0) },
    onDefect: (error) => defects.push(String(error)),
    onRebuildFailed: (error) => defects.push(String(error)),
    async open(path, driver) {
      if (faults.open) throw faults.reason
      const connection = await openForWriting(path, driver)
      opened += 1
      return {
        ...connection,
        async prepare(text) {
          const statement = await connection.prepare(text)
          if (text !== 'commit') return statement
          return {
            ...statement,
            async run(params) {
              const { commit } = faults
              faults.commit = undefined
              if (commit === 'before') throw new Error('The fsync failed')
              const changes = await statement.run(params)
              if (commit === 'after') throw new Error('The answer was lost')
              return changes
            },
          }
        },
      }
    },
  })
  t.teardown(() => writer.close())
  const ask = (...commands: readonly ToyCommand[]) =>
    writer.append(
      commands.map((command) => ({ request: toyRequest(command), attachments: [] })),
    )
  return { writer, ask, faults, defects, opened: () => opened }
}

const open = (account: string): ToyCommand => ({ type: 'Open', account, owner: 'Ada' })

t.test('a batch whose COMMIT took place is answered, and not done twice', async (t) => {
  const { ask, faults, defects, opened } = await openFaulty(t)
  faults.commit = 'after'
  t.match(await ask(open('a'), { type: 'Nothing' }, open('b')), [
    { events: [{ position: 2 }] },
    { events: [] },
    { events: [{ position: 3 }] },
  ])
  t.equal(opened(), 2, 'the file was opened and read again first')
  t.match(await ask(open('c')), [{ events: [{ position: 4 }] }])
  t.same(defects, [])
})

t.test('a batch whose COMMIT did not take place is done again', async (t) => {
  const { ask, faults, defects, opened } = await openFaulty(t)
  faults.commit = 'before'
  t.match(await ask(open('a'), open('b')), [
    { events: [{ position: 2 }] },
    { events: [{ position: 3 }] },
  ])
  t.equal(opened(), 2)
  t.same(defects, [])
})

t.test(
  'one command whose COMMIT failed is told so, and can be asked again',
  async (t) => {
    const { ask, faults, defects } = await openFaulty(t)
    faults.commit = 'before'
    t.match(await ask(open('a')), [{ error: { key: 'internal_error' } }])
    t.match(defects, [/fsync failed/])
    t.match(await ask(open('a')), [{ events: [{ position: 2 }] }])
  },
)

t.test('nothing is acknowledged before the file was opened again', async (t) => {
  const { ask, writer, faults, defects } = await openFaulty(t)
  await writer.createConsumer('mail', 0)
  faults.commit = 'before'
  faults.open = true
  t.match(await ask(open('a'), open('b')), [
    { error: { key: 'internal_error' } },
    { error: { key: 'internal_error' } },
  ])
  t.match(await ask(open('a')), [{ error: { key: 'internal_error' } }])
  await t.rejects(writer.forgetIdempotency(), { message: 'The file does not open' })
  t.match(defects, [/not open/, /not open/, /not open/])
  faults.open = false
  t.match(await ask(open('a')), [{ events: [{ position: 2 }] }])
})

t.test('a command that may be in the log after all is not refused', async (t) => {
  const { ask, writer, faults } = await openFaulty(t)
  faults.commit = 'after'
  faults.open = true
  faults.reason = new CustodyError('data_folder_unusable', 'The file cannot be opened.')
  t.match(await ask(open('a')), [{ error: { key: 'internal_error' } }])
  faults.open = false
  await writer.forgetIdempotency()
  t.match(await ask(open('b')), [{ events: [{ position: 3 }] }], 'it is in the log')
})

t.test(
  'a COMMIT of something else that failed has the file opened again too',
  async (t) => {
    const { ask, writer, faults, opened } = await openFaulty(t)
    faults.commit = 'before'
    await t.rejects(writer.createConsumer('mail', 0), { message: /unknown/ })
    t.match(await ask(open('a')), [{ events: [{ position: 2 }] }])
    t.equal(opened(), 2)
  },
)

t.test('a rebuild that was cut short by it is reported', async (t) => {
  const { ask, writer, faults, defects } = await openFaulty(t)
  await ask(open('a'))
  await writer.startRebuild('accounts')
  while (await writer.rebuildSlice()) {}
  faults.commit = 'after'
  t.match(await ask(open('b')), [{ events: [{ position: 3 }] }])
  t.same(writer.generations, { accounts: 'v1_2' }, 'the swap was committed')
  t.match(defects, [/cut short/])
  t.match(await ask({ type: 'Move', account: 'b', amount: 1 }), [
    { events: [{ version: 2 }] },
  ])
})
