import type { EventLog, ReadQuery } from '@custody/event-log'
import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'

/** Which events come back, in which order. */
export function readContract(t: Test, createStore: CreateLogStore): void {
  /** Position: 1 started, 2 open a (north), 3 open b (south), 4 note, 5 move a, 6 move b, 7 note. */
  async function openFilled(t: Test): Promise<EventLog> {
    const log = await (await createStore(t)).open()
    const ask = asker(log)
    const south = { project: 'south' }
    await ask({ type: 'Open', account: 'a', owner: 'Ada', secret: 's' })
    await ask({ type: 'Open', account: 'b', owner: 'Bob' }, south)
    await ask({ type: 'Note', texts: ['x'] })
    await ask({ type: 'Move', account: 'a', amount: 1 })
    await ask({ type: 'Move', account: 'b', amount: 1 }, south)
    await ask({ type: 'Note', texts: ['y'] }, south)
    return log
  }

  const cases: readonly [string, ReadQuery | undefined, readonly number[]][] = [
    ['everything, from the start', undefined, [1, 2, 3, 4, 5, 6, 7]],
    ['what follows a position', { from: 4 }, [5, 6, 7]],
    ['a page', { from: 2, limit: 2 }, [3, 4]],
    ['up to a position', { to: 3 }, [1, 2, 3]],
    ['between two positions', { from: 2, to: 4 }, [3, 4]],
    ['nothing after the end', { from: 7 }, []],
    ['backward from the end', { direction: 'backward', limit: 3 }, [7, 6, 5]],
    ['backward from a position', { direction: 'backward', from: 3 }, [2, 1]],
    ['backward to a position', { direction: 'backward', from: 6, to: 4 }, [5, 4]],
    ['nothing before the start', { direction: 'backward', from: 1 }, []],
    ['a project', { project: 'south' }, [3, 6, 7]],
    ['a project backward', { project: 'south', direction: 'backward' }, [7, 6, 3]],
    ['a stream', { stream: 'a' }, [2, 5]],
    ['a stream of another project', { stream: 'a', project: 'south' }, []],
    ['a type', { types: ['Noted'] }, [4, 7]],
    ['two types', { types: ['Noted', 'AccountOpened'] }, [2, 3, 4, 7]],
    ['types of a project', { types: ['Noted'], project: 'south' }, [7]],
    ['types after a position', { types: ['Noted'], from: 4 }, [7]],
    ['no types', { types: [] }, []],
    ['a type that is named like a filter', { types: ['project'] }, []],
    ['at least one event', { limit: 0 }, [1]],
    ['a project that is not there', { project: 'east' }, []],
  ]

  t.test('a query reads', async (t) => {
    const log = await openFilled(t)
    for (const [name, query, positions] of cases) {
      const found = await log.reader.read(query)
      t.same(
        found.map(({ record }) => record.position),
        positions,
        name,
      )
    }
  })

  t.test('a page has at most 1,000 events', async (t) => {
    const log = await (await createStore(t)).open()
    const texts = new Array<string>(1_001).fill('x')
    await asker(log)({ type: 'Note', texts })
    const page = await log.reader.read({ limit: 5_000 })
    t.equal(page.length, 1_000)
    t.equal((await log.reader.read({ from: 1_000 })).length, 2)
  })

  t.test('private groups come along while they are there', async (t) => {
    const log = await openFilled(t)
    const groupsOf = async (query: ReadQuery) =>
      (await log.reader.read(query)).map((event) => event.private)
    const expected = { personal: { owner: 'Ada' }, content: { secret: 's' } }
    t.same(await groupsOf({ from: 1, limit: 2 }), [
      expected,
      { personal: { owner: 'Bob' } },
    ])
    t.same(await groupsOf({ stream: 'a' }), [expected, {}], 'one by one')
    t.same(await groupsOf({ direction: 'backward', from: 3, limit: 1 }), [expected])
    await asker(log)({ type: 'Forget', account: 'a' })
    t.same(await groupsOf({ stream: 'a' }), [{ content: { secret: 's' } }, {}, {}])
  })

  t.test('a reader beside the writer sees what was committed', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const reader = await store.openReader()
    t.equal((await reader.head()).position, 1)
    const ask = asker(log)
    for (let position = 2; position < 20; position += 1) {
      await ask({ type: 'Note', texts: ['x'] })
      t.equal((await reader.head()).position, position)
      t.equal((await reader.read({ from: position - 1 })).length, 1)
    }
  })

  t.test('a reader cannot write', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const write = async () => log.reader.sql.exec(`update accounts_v1 set balance = 1`)
    await t.rejects(write(), { message: /readonly|read-only|permission/ })
  })
}
