import t from 'tap'
import {
  createEventCheck,
  type DomainEvent,
  decideErase,
  decideErasePrivate,
  type Erasable,
  evolveFile,
  type FileState,
  isErased,
  type PlacedEvent,
} from '../../src/index.ts'
import { liveFile, NOW, SECONDS } from './file-states.ts'

const file: FileState = {
  ...liveFile,
  version: 2,
  holds: [
    { id: 'h1', position: 9, name: 'one', note: 'why', at: NOW, retainUntil: SECONDS },
  ],
  metadata: { a: 'b' },
  extents: [{ id: 'e1', bytes: 100, sha256: 'a'.repeat(64) }],
}
const deleted: FileState = {
  ...file,
  ended: { position: 12, seq: 4, at: NOW, reason: 'deleted' },
}
const held: FileState = {
  ...file,
  holds: file.holds.map((hold) => ({ ...hold, retainUntil: null })),
}
const all: Erasable = {
  groups: [
    { position: 7, group: 'personal' },
    { position: 7, group: 'content' },
    { position: 9, group: 'personal' },
  ],
  extents: ['e1'],
}
const command = {
  type: 'EraseFile',
  file: 'f1',
  idAsSent: 'file-1',
  project: 'north',
} as const
const check = createEventCheck()

function decided(decision: ReturnType<typeof decideErase>) {
  if ('refusal' in decision) throw decision.refusal
  for (const event of decision.events) check(event)
  return decision
}

function placed<T extends DomainEvent['type']>(event: DomainEvent<T>, version: number) {
  const place = { version, position: 20 + version, seq: 20, time: NOW, actor: 'key:k' }
  return { ...event, ...place, project: 'north', private: {} } as PlacedEvent<T>
}

t.test('an erasure ends a live file and names all that goes', async (t) => {
  const { events, erase } = decided(decideErase(file, all, command, NOW))
  t.same(events, [
    { type: 'FileErased', stream: 'f1', after: 2, data: { reason: 'request' } },
    {
      type: 'PrivateDataErased',
      stream: 'f1',
      after: 'latest',
      data: { erased: all.groups, extents: ['e1'] },
    },
  ])
  t.same(erase, all.groups)
})

t.test('a file that has ended is erased, and why it ended stays', async (t) => {
  const { events } = decided(decideErase(deleted, { ...all, extents: [] }, command, NOW))
  t.same(
    events.map(({ type }) => type),
    ['FileErased', 'PrivateDataErased'],
  )
  let state = deleted
  for (const [index, event] of events.entries()) {
    state = evolveFile(state, placed(event, 3 + index) as PlacedEvent<'FileErased'>)
  }
  t.match(state, { version: 4, filename: null, metadata: null, sha256: null })
  t.same(state.ended, deleted.ended)
  t.same(state.extents, [])
  t.match(state.holds, [{ id: 'h1', name: null, note: null }])
})

t.test('a second erasure leads to nothing', async (t) => {
  const erased = { ...deleted, filename: null }
  const nothing = { groups: [], extents: ['e1'] }
  t.same(decided(decideErase(erased, nothing, command, NOW)).events, [])
})

t.test('a held file is not erased, unless it was before', async (t) => {
  t.match(decideErase(held, all, command, NOW), { refusal: { key: 'file_held' } })
  const retained = { ...file, retainUntil: SECONDS + 10 }
  t.match(decideErase(retained, all, command, NOW), { refusal: { key: 'file_held' } })
  const again = { ...command, again: true as const }
  t.match(decided(decideErase(held, all, again, NOW)).events, [
    { type: 'FileErased', data: { reason: 'restore' } },
    {},
  ])
  const some = { type: 'ErasePrivate', stream: 'f1', groups: all.groups } as const
  t.match(decideErasePrivate(held, all.groups, some, NOW), {
    refusal: { key: 'file_held' },
  })
})

t.test("nothing and another project's file are not found", async (t) => {
  const foreign = { ...file, project: 'south' }
  for (const state of [null, foreign]) {
    const { refusal } = decideErase(state, all, command, NOW) as { refusal: Error }
    t.match(refusal, { key: 'file_not_found', param: 'id' })
    t.match(refusal.message, 'file-1')
  }
})

t.test('an erasure of many groups and extents fits into records', async (t) => {
  const groups = Array.from({ length: 1_500 }, (_, index) => ({
    position: Number.MAX_SAFE_INTEGER - index,
    group: 'personal',
  }))
  for (const count of [0, 1, 599, 600, 601, 5_000]) {
    const extents = Array.from({ length: count }, (_, index) =>
      `01890a5d-ac96-774b-bcce-${index}`.padEnd(36, '0'),
    )
    const { events } = decided(decideErase(file, { groups, extents }, command, NOW))
    const named = events.filter((event) => event.type === 'PrivateDataErased')
    t.same(
      named.flatMap(({ data }) => data.erased),
      groups,
    )
    t.same(
      named.flatMap(({ data }) => data.extents ?? []),
      extents,
    )
    for (const { data } of named) t.ok(JSON.stringify(data).length < 60_000)
  }
})

t.test('some groups of a stream go, those that are there', async (t) => {
  const some = {
    type: 'ErasePrivate',
    stream: 'f1',
    groups: [
      { position: 7, group: 'personal' },
      { position: 99, group: 'personal' },
    ],
  } as const
  const { events, erase } = decided(decideErasePrivate(file, all.groups, some, NOW))
  t.same(erase, [{ position: 7, group: 'personal' }])
  const [event] = events
  if (event?.type !== 'PrivateDataErased') return t.fail('no erasure')
  const state = evolveFile(file, placed(event, 3))
  t.match(state, { filename: null, sha256: file.sha256, version: 3, ended: null })
  t.match(state.holds, [{ name: 'one' }])
  t.ok(isErased(placed(event, 3), 7, 'personal'))
  t.notOk(isErased(placed(event, 3), 7, 'content'))
  t.same(decided(decideErasePrivate(file, [], some, NOW)).events, [])
})
