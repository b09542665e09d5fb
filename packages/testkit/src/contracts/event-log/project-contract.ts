import {
  type EventPlace,
  formatTime,
  lastSeq,
  type MatchingQuery,
  type ProjectQuery,
  parseTime,
  positionAt,
  positionOfEvent,
  readMatchingEvents,
  readProjectEvents,
  seqAt,
  seqOfPosition,
  timeOfSeq,
} from '@custody/event-log'
import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'

/** The history of one project among others: pages by `seq`, and places by time. */
export function projectContract(t: Test, createStore: CreateLogStore): void {
  /** South: 1 open a, 2 note, 3 move a, 4 note, 5 note; an event of north before each. */
  async function openFilled(t: Test) {
    const log = await (await createStore(t)).open()
    const ask = asker(log)
    const south = { project: 'south' }
    for (const command of [
      { type: 'Open', account: 'a', owner: 'Ada' },
      { type: 'Note', texts: ['x'] },
      { type: 'Move', account: 'a', amount: 1 },
      { type: 'Note', texts: ['y'] },
      { type: 'Note', texts: ['z'] },
    ] as const) {
      await ask({ type: 'Note', texts: ['north'] })
      await ask(command, south)
    }
    return log.reader
  }

  const asc = { project: 'south', order: 'asc', limit: 100 } as const
  const desc = { ...asc, order: 'desc' } as const
  const cases: readonly [string, ProjectQuery, readonly number[]][] = [
    ['everything, oldest first', asc, [1, 2, 3, 4, 5]],
    ['everything, newest first', desc, [5, 4, 3, 2, 1]],
    ['what follows an event', { ...asc, after: 3 }, [4, 5]],
    ['what comes before an event', { ...asc, before: 3 }, [1, 2]],
    ['between two events', { ...asc, after: 1, before: 4 }, [2, 3]],
    ['between neighbours', { ...asc, after: 1, before: 2 }, []],
    ['the other way round', { ...asc, after: 4, before: 2 }, []],
    ['after the end', { ...asc, after: 5 }, []],
    ['far after the end', { ...desc, after: 9, before: 12 }, []],
    ['a page', { ...asc, after: 1, limit: 2 }, [2, 3]],
    ['the newest', { ...desc, limit: 2 }, [5, 4]],
    ['the newest before an event', { ...desc, before: 4, limit: 2 }, [3, 2]],
    ['a type', { ...asc, types: ['Noted'] }, [2, 4, 5]],
    ['a page of a type', { ...desc, types: ['Noted'], limit: 2 }, [5, 4]],
    ['no types', { ...asc, types: [] }, []],
    ['a stream', { ...asc, stream: 'a' }, [1, 3]],
    ['a stream backward', { ...desc, stream: 'a', before: 3 }, [1]],
    ['a type of a stream', { ...asc, stream: 'a', types: ['Noted'] }, []],
    ['a stream of another project', { ...asc, stream: 'a', project: 'north' }, []],
    ['a project that is not there', { ...asc, project: 'east' }, []],
  ]

  t.test('a query reads, by the place in the project,', async (t) => {
    const { sql } = await openFilled(t)
    for (const [name, query, seqs] of cases) {
      const found = await readProjectEvents(sql, query)
      t.same(
        found.map(({ record }) => record.seq),
        seqs,
        name,
      )
    }
  })

  t.test('private groups come along in either order', async (t) => {
    const { sql } = await openFilled(t)
    const opened = { personal: { owner: 'Ada' } }
    const [first] = await readProjectEvents(sql, { ...asc, types: ['AccountOpened'] })
    t.same(first?.private, opened)
    t.same((await readProjectEvents(sql, desc)).at(-1)?.private, opened)
  })

  t.test('the few of a type are found among many others, in order', async (t) => {
    const log = await (await createStore(t)).open()
    const ask = asker(log)
    const many = new Array<string>(900).fill('x')
    for (const account of ['a', 'b', 'c']) {
      for (let count = 0; count < 3; count += 1) {
        await ask({ type: 'Note', texts: many }, { project: 'south' })
      }
      await ask({ type: 'Open', account, owner: account }, { project: 'south' })
    }
    const { sql } = log.reader
    const opened = { types: ['AccountOpened'] }
    for (const [query, accounts] of [
      [asc, ['a', 'b', 'c']],
      [desc, ['c', 'b', 'a']],
      [{ ...asc, limit: 2 }, ['a', 'b']],
      [{ ...desc, after: 2701 }, ['c', 'b']],
      [{ ...asc, after: 2700, before: 5403 }, ['a', 'b']],
    ] as const) {
      const found = await readProjectEvents(sql, { ...query, ...opened })
      t.same(
        found.map(({ record }) => record.stream),
        accounts,
      )
    }
    const signal = AbortSignal.abort(new Error('gone'))
    await t.rejects(readProjectEvents(sql, { ...asc, ...opened, signal }), {
      message: 'gone',
    })
  })

  t.test('of the whole log, those come that match, in either order', async (t) => {
    const log = await (await createStore(t)).open()
    const ask = asker(log)
    const many = new Array<string>(300).fill('x')
    for (const account of ['a', 'b', 'c', 'd']) {
      await ask({ type: 'Open', account, owner: account }, { actor: `key:${account}` })
      await ask({ type: 'Note', texts: many }, { project: 'south' })
      await ask({ type: 'Note', texts: many })
    }
    const { sql } = log.reader
    const { position } = await log.reader.head()
    const all = { after: 0, before: position + 1, order: 'asc', limit: 100 } as const
    const isOpened = ({ type }: EventPlace) => type === 'AccountOpened'
    const read = async (query: Partial<MatchingQuery>) =>
      (await readMatchingEvents(sql, { ...all, matches: isOpened, ...query })).map(
        (event) => event.record.stream,
      )
    t.same(await read({}), ['a', 'b', 'c', 'd'])
    t.same(await read({ order: 'desc' }), ['d', 'c', 'b', 'a'])
    t.same(await read({ limit: 2 }), ['a', 'b'])
    t.same(await read({ order: 'desc', limit: 1 }), ['d'])
    t.same(await read({ after: 2 }), ['b', 'c', 'd'])
    t.same(await read({ after: 1, before: 3 }), ['a'])
    t.same(await read({ before: 2 }), [])
    t.same(await read({ after: position }), [])
    t.same(await read({ matches: async ({ actor }) => actor === 'key:c', limit: 1 }), [
      'c',
    ])
    const ofSouth = { matches: ({ project }: EventPlace) => project === 'south' }
    t.equal((await read({ ...ofSouth, limit: 10_000 })).length, 1_200)
    const [event] = await readMatchingEvents(sql, { ...all, matches: isOpened })
    t.same(event?.private, { personal: { owner: 'a' } })
    await t.rejects(read({ signal: AbortSignal.abort(new Error('gone')) }), {
      message: 'gone',
    })
  })

  t.test(
    'a time names the last event until then, in a project and in the log',
    async (t) => {
      const { sql, read } = await openFilled(t)
      const events = await read()
      const own = events.filter(({ record }) => record.project === 'south')
      t.equal(await lastSeq(sql, 'south'), 5)
      t.equal(await lastSeq(sql, 'east'), 0)
      const first = parseTime(events[0]?.record.time ?? '')
      t.equal(await positionAt(sql, first - 1), 0)
      t.equal(await seqAt(sql, 'south', first), 0)
      for (const { record } of events) {
        const time = parseTime(record.time)
        t.equal(await positionAt(sql, time), record.position)
        t.equal(await positionAt(sql, time - 1), record.position - 1)
        t.equal(await positionOfEvent(sql, record.id), record.position)
        const until = own.filter((one) => one.record.time <= formatTime(time)).length
        t.equal(await seqAt(sql, 'south', time), until)
      }
      for (const { record } of own) {
        t.equal(await timeOfSeq(sql, 'south', record.seq), parseTime(record.time))
        t.equal(await seqOfPosition(sql, 'south', record.position), record.seq)
        t.equal(await seqOfPosition(sql, 'north', record.position), undefined)
      }
      t.equal(await timeOfSeq(sql, 'south', 6), undefined)
      t.equal(await seqAt(sql, 'south', Date.UTC(9000, 0) * 1000), 5)
      t.equal(await seqAt(sql, 'east', Date.UTC(9000, 0) * 1000), 0)
      t.equal(await positionOfEvent(sql, 'no such id'), undefined)
    },
  )
}
