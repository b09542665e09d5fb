import type { EventLog } from '@custody/event-log'
import type { Test } from 'tap'
import { type Ask, asker } from '../../event-log/asker.ts'
import { logProblems } from '../../event-log/log-problems.ts'
import type { CreateLogStore, LogStore } from '../../event-log/log-store.ts'
import { readIndex } from '../../event-log/read-log.ts'
import { until } from '../../server/until.ts'

/** Projections are built anew, beside the live ones or when the log is opened. */
export function rebuildContract(t: Test, createStore: CreateLogStore): void {
  const fill = async (ask: Ask, from: number, to: number) => {
    const accounts = Array.from({ length: to - from }, (_, n) => `account ${from + n}`)
    await Promise.all(
      accounts.flatMap((account) => [
        ask({ type: 'Open', account, owner: `Owner of ${account}` }),
        ask({ type: 'Move', account, amount: 3 }),
        ask({ type: 'Note', texts: ['not of the projection'] }),
      ]),
    )
  }

  const generation = async (log: EventLog) =>
    (await log.reader.head()).projections.accounts

  /** Appends until the generation is live. */
  async function appendUntilLive(log: EventLog, ask: Ask, expected: string) {
    return await until(`the swap to ${expected}`, async () => {
      await ask({ type: 'Note', texts: ['swap?'] })
      return (await generation(log)) === expected
    })
  }

  const accountTables = async (store: LogStore) =>
    (await store.tables()).filter((name) => /^(accounts|counts|extra)_/.test(name)).sort()

  t.test(
    'a rebuild beside appends goes live, and its predecessor goes away',
    async (t) => {
      const store = await createStore(t)
      const log = await store.open()
      const ask = asker(log)
      await fill(ask, 0, 400)
      const before = await readIndex(log.reader)
      await log.rebuild('accounts')
      t.same(await readIndex(log.reader), before, 'readers still see the live one')
      let next = 400
      await until('the swap', async () => {
        await fill(ask, next, next + 5)
        next += 5
        const { accounts } = await readIndex(log.reader)
        t.equal(accounts.length, next, 'an append is seen at once, before and after')
        return (await generation(log)) === 'v1_2'
      })
      await fill(ask, next, next + 5)
      t.match((await readIndex(log.reader)).accounts.length, next + 5)
      t.equal((await store.replay()).difference, undefined)
      t.same(await logProblems(log.reader), [])
      await until(
        'the removal',
        async () => !(await store.tables()).includes('accounts_v1'),
      )
      await until('the removal', async () => (await accountTables(store)).length === 2)
      t.same(await accountTables(store), ['accounts_v1_2', 'counts_v1_2'])
    },
  )

  t.test('a rebuild repairs an index that was tampered with', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await fill(ask, 0, 20)
    const before = await readIndex(log.reader)
    await store.tamper(`update accounts_v1 set balance = 999 where id = 'account 7'`)
    await store.tamper(`delete from counts_v1`)
    await log.rebuild('accounts')
    await appendUntilLive(log, ask, 'v1_2')
    t.same(await readIndex(log.reader), before)
    t.equal((await store.replay()).difference, undefined)
  })

  t.test('one rebuild after the other, and no second one beside the first', async (t) => {
    const store = await createStore(t)
    const defects: string[] = []
    const log = await store.open({ defects })
    const ask = asker(log)
    await fill(ask, 0, 30)
    await t.rejects(log.rebuild('files'), {
      key: 'projection_not_found',
      message: "There is no projection 'files'; there are: accounts.",
    })
    await Promise.all([log.rebuild('accounts'), log.rebuild('accounts')])
    await appendUntilLive(log, ask, 'v1_2')
    await log.rebuild('accounts')
    await appendUntilLive(log, ask, 'v1_3')
    t.equal((await store.replay()).difference, undefined)
    t.same(defects, [])
  })

  t.test('appends that write nothing do not make a generation live', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const idempotency = { key: 'k', fingerprint: 'f', keepSeconds: 60 }
    const once = () => ask({ type: 'Note', texts: ['once'] }, { idempotency })
    await once()
    await fill(ask, 0, 3)
    await log.rebuild('accounts')
    await until('the build', async () => (await accountTables(store)).length === 4)
    for (let n = 0; n < 20; n += 1) {
      await ask({ type: 'Nothing' })
      t.match(await once(), { replayed: true })
      await t.rejects(ask({ type: 'Move', account: 'nobody', amount: 1 }))
    }
    t.equal(await generation(log), 'v1')
    t.equal((await readIndex(log.reader)).accounts.length, 3)
    await appendUntilLive(log, ask, 'v1_2')
    t.equal((await readIndex(log.reader)).accounts.length, 3)
  })

  t.test('how far a rebuild is can be asked', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await fill(ask, 0, 20)
    t.same(await log.rebuilds(), [])
    const { position: of } = await log.reader.head()
    await log.rebuild('accounts')
    await until('the build', async () => (await log.rebuilds())[0]?.isReady === true)
    t.same(await log.rebuilds(), [
      { projection: 'accounts', done: of, of, isReady: true, restarts: 0 },
    ])
    await appendUntilLive(log, ask, 'v1_2')
    t.same(await log.rebuilds(), [])
  })

  t.test('a reader that is told nothing reads what is live all the same', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await fill(ask, 0, 20)
    const other = await store.openReader()
    const count = async () =>
      await other.readLive(async (sql) => (await readIndex({ sql })).accounts.length)
    t.equal(await count(), 20)
    await log.rebuild('accounts')
    await appendUntilLive(log, ask, 'v1_2')
    await until('the removal', async () => (await accountTables(store)).length === 2)
    t.equal(await count(), 20, 'after the swap')
    let tries = 0
    await other.readLive(async () => {
      tries += 1
      if (tries > 1) return
      await log.rebuild('accounts')
      await appendUntilLive(log, ask, 'v1_3')
    })
    t.equal(tries, 2, 'and again where it came in between')
    await t.rejects(
      other.readLive(async () => {
        throw new Error('no swap')
      }),
      { message: 'no swap' },
    )
  })

  t.test('a rebuild that fails is reported, and the log goes on', async (t) => {
    const store = await createStore(t)
    const defects: string[] = []
    const log = await store.open({ defects })
    const ask = asker(log)
    await fill(ask, 0, 5)
    // It stands where the index of the next generation would.
    await store.tamper('create table accounts_v1_2_by_owner (id bigint)')
    await log.rebuild('accounts')
    await until('the report', () => defects.length > 0)
    t.match(defects, [/accounts_v1_2_by_owner/])
    await fill(ask, 5, 10)
    t.equal(await generation(log), 'v1')
    t.equal((await store.replay()).difference, undefined)
    await until(
      'the removal',
      async () => !(await store.tables()).includes('counts_v1_2'),
    )
    await store.tamper('drop table accounts_v1_2_by_owner')
    await log.rebuild('accounts')
    await appendUntilLive(log, ask, 'v1_2')
    t.equal(defects.length, 1)
  })

  t.test('what an interrupted rebuild left is removed at the next start', async (t) => {
    const store = await createStore(t)
    const first = await store.open()
    await fill(asker(first), 0, 300)
    await first.rebuild('accounts')
    await first.close()
    t.same(await accountTables(store), [
      'accounts_v1',
      'accounts_v1_2',
      'counts_v1',
      'counts_v1_2',
    ])
    const log = await store.open()
    t.equal((await readIndex(log.reader)).accounts.length, 300)
    await until('the removal', async () => (await accountTables(store)).length === 2)
    t.same(await accountTables(store), ['accounts_v1', 'counts_v1'])
    await log.rebuild('accounts')
    await appendUntilLive(log, asker(log), 'v1_2')
  })

  t.test('a new version of a projection is built when the log is opened', async (t) => {
    const store = await createStore(t)
    const old = await store.open({ release: 1 })
    await fill(asker(old), 0, 20)
    const before = await readIndex(old.reader)
    await old.close()
    const log = await store.open({ release: 2 })
    const ask = asker(log)
    const { accounts, counts } = await readIndex(log.reader)
    t.same(counts, before.counts)
    t.same(
      accounts,
      before.accounts.map((row) => ({ ...row, currency: 'EUR' })),
      'events of the old schema were upcast',
    )
    await ask({ type: 'Open', account: 'new', owner: 'Nia' })
    t.equal(await generation(log), 'v2')
    t.equal((await readIndex(log.reader)).accounts.at(-1)?.currency, 'CHF')
    t.equal((await store.replay(2)).difference, undefined)
    await until('the removal', async () => (await accountTables(store)).length === 3)
    t.same(await accountTables(store), ['accounts_v2', 'counts_v2', 'extra_v2'])
  })

  t.test('a new version is there without any append', async (t) => {
    const store = await createStore(t)
    const old = await store.open({ release: 1 })
    await fill(asker(old), 0, 3)
    await old.close()
    for (let start = 0; start < 2; start += 1) {
      const log = await store.open({ release: 2 })
      t.equal((await readIndex(log.reader)).accounts.length, 3)
      t.equal((await store.replay(2)).difference, undefined)
      await log.close()
    }
  })
}
