import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'

/** The index is what the log says; where it is not, the difference is named. */
export function replayContract(t: Test, createStore: CreateLogStore): void {
  async function openFilled(t: Test) {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await ask({ type: 'Open', account: 'a', owner: 'Ada' })
    await ask({ type: 'Open', account: 'b', owner: 'Bob' })
    await ask({ type: 'Move', account: 'b', amount: 4 })
    return { store, log, ask }
  }

  t.test('a replay of an index that is right finds nothing', async (t) => {
    const { store, ask } = await openFilled(t)
    t.same(await store.replay(), { events: 4, difference: undefined })
    await ask({ type: 'Forget', account: 'a' })
    t.same(await store.replay(), { events: 5, difference: undefined })
  })

  t.test('a replay beside appends finds nothing', async (t) => {
    const { store, ask } = await openFilled(t)
    let running = true
    const appender = async () => {
      while (running) await ask({ type: 'Move', account: 'a', amount: 1 })
    }
    const appenders = [appender(), appender(), appender()]
    for (let n = 0; n < 3; n += 1) {
      t.equal((await store.replay()).difference, undefined)
    }
    running = false
    await Promise.all(appenders)
  })

  const tampering = [
    {
      name: 'a number that was changed',
      sql: `update accounts_v1 set balance = 5 where id = 'b'`,
      undo: `update accounts_v1 set balance = 4 where id = 'b'`,
      found: {
        table: 'accounts',
        column: 'balance',
        key: '["b"]',
        expected: 4,
        found: 5,
      },
    },
    {
      name: 'a text that was changed',
      sql: `update accounts_v1 set owner = 'Eve' where id = 'a'`,
      undo: `update accounts_v1 set owner = 'Ada' where id = 'a'`,
      found: { column: 'owner', key: '["a"]', expected: 'Ada', found: 'Eve' },
    },
    {
      name: 'a value that was taken away',
      sql: `update accounts_v1 set owner = null where id = 'a'`,
      undo: `update accounts_v1 set owner = 'Ada' where id = 'a'`,
      found: { column: 'owner', key: '["a"]', expected: 'Ada', found: null },
    },
    {
      name: 'a key that was changed',
      sql: `update accounts_v1 set id = 'c' where id = 'a'`,
      undo: `update accounts_v1 set id = 'a' where id = 'c'`,
      found: { table: 'accounts', column: 'missing', key: '["a"]' },
    },
    {
      name: 'a row too many',
      sql: `insert into counts_v1 values ('north', 'Invented', 1)`,
      undo: `delete from counts_v1 where type = 'Invented'`,
      found: { table: 'counts', column: 'unexpected', key: '["north","Invented"]' },
    },
    {
      name: 'a row that is missing',
      sql: `delete from accounts_v1 where id = 'b'`,
      undo: `select 1`,
      found: { table: 'accounts', column: 'missing', key: '["b"]' },
    },
  ]
  t.test('a replay names table, column and key of what was tampered with', async (t) => {
    const { store } = await openFilled(t)
    for (const { name, sql, undo, found } of tampering) {
      t.equal((await store.replay()).difference, undefined, 'nothing at first')
      await store.tamper(sql)
      t.match(
        (await store.replay()).difference,
        { projection: 'accounts', ...found },
        name,
      )
      await store.tamper(undo)
    }
  })
}
