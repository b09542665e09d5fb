import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { testId, toyRequest } from '../../../../../testkit/src/event-log/asker.ts'
import type { ToyCommand } from '../../../../../testkit/src/event-log/toy-commands.ts'
import { logModule } from '../../../../../testkit/src/event-log/toy-log-module.ts'
import type { SqliteDriverName } from '../../../../src/engines/sqlite/connection/sqlite-connection.ts'
import { openSqliteLogWriter } from '../../../../src/engines/sqlite/sqlite-log-writer.ts'
import { systemClock } from '../../../../src/log-clock.ts'

async function open(t: Test, driver: SqliteDriverName = 'node') {
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
  let ids = 0
  async function append(...commands: readonly ToyCommand[]) {
    const outcomes = await writer.append(
      commands.map((command) => {
        ids += 1
        return {
          request: { ...toyRequest(command), eventId: testId(ids) },
          attachments: [],
        }
      }),
    )
    for (const outcome of outcomes) if ('error' in outcome) t.fail(outcome.error.message)
  }
  /** Step by step, with something appended between two of them. */
  async function purge() {
    for (let from: number | null = 1; from !== null; ) {
      const step = await writer.purge(from)
      if ('busy' in step) return step.busy
      from = step.next
      await append({ type: 'Note', texts: ['x'] })
    }
    return undefined
  }
  const found = (names: readonly string[]) => {
    const bytes = Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)])
    return names.filter((name) => bytes.includes(name))
  }
  return { path, writer, append, purge, found }
}

const owner = (n: number) => `owner-${n}-${'Erasmus '.repeat(1 + ((n * 7) % 40))}`
const nameOf = (n: number) => `owner-${n}-E`

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: of many rows that were erased, nothing is left`, async (t) => {
    const { append, purge, found } = await open(t, driver)
    for (let n = 0; n < 1_500; n += 10) {
      const ten = Array.from({ length: 10 }, (_, index) => n + index)
      await append(
        ...ten.map(
          (one) => ({ type: 'Open', account: `a${one}`, owner: owner(one) }) as const,
        ),
      )
    }
    const gone = Array.from({ length: 500 }, (_, n) => 3 * n)
    await append(
      ...gone.slice(0, 200).map((n) => ({ type: 'Forget', account: `a${n}` }) as const),
    )
    await append(
      ...gone.slice(200).map((n) => ({ type: 'Forget', account: `a${n}` }) as const),
    )
    t.equal(await purge(), undefined)
    t.same(found(gone.map(nameOf)), [])
    t.equal(found([nameOf(1), nameOf(2)]).length, 2, 'others are there')
  })
}

t.test('a reader is in the way until it lets go', async (t) => {
  const { path, append, purge, found } = await open(t)
  await append({ type: 'Open', account: 'a', owner: owner(1) })
  const reader = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => reader.close())
  reader.exec('begin')
  reader.prepare('select count(*) from events').get()
  await append({ type: 'Forget', account: 'a' })
  t.equal(await purge(), 'reader')
  t.same(found([nameOf(1)]), [nameOf(1)])
  reader.exec('rollback')
  t.equal(await purge(), undefined)
  t.same(found([nameOf(1)]), [])
})

t.test('a rebuild that has what is erased begins anew', async (t) => {
  const { writer, append, purge, found } = await open(t)
  for (let n = 0; n < 3_000; n += 100) {
    const some = Array.from({ length: 100 }, (_, index) => n + index)
    await append(
      ...some.map(
        (one) => ({ type: 'Open', account: `a${one}`, owner: owner(one) }) as const,
      ),
    )
  }
  await writer.startRebuild('accounts')
  t.equal(await writer.rebuildSlice(), true)
  const [before] = await writer.rebuilds()
  t.ok(before && before.done > 0 && before.done < before.of, 'it is under way')
  await append({ type: 'Forget', account: 'a0' }, { type: 'Forget', account: 'a2999' })
  t.match(await writer.rebuilds(), [{ done: 0, isReady: false, restarts: 1 }])
  t.equal(await purge(), undefined)
  t.same(found([nameOf(0), nameOf(2999)]), [])

  while (await writer.rebuildSlice()) {}
  t.match(await writer.rebuilds(), [{ isReady: true, restarts: 1 }])
  const former = writer.generations
  await append({ type: 'Forget', account: 'a1' })
  t.not(writer.generations, former, 'it is live, and has what was erased just now')
  t.same(await writer.rebuilds(), [])
  t.equal(await purge(), 'rebuild', 'readers may use the former tables still')
  writer.releaseRetired()
  t.equal(await purge(), undefined)
  t.same(found([0, 1, 2999].map(nameOf)), [])
  t.same(found([nameOf(2)]), [nameOf(2)])
})
