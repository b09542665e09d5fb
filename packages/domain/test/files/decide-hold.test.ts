import t from 'tap'
import {
  decideDelete,
  decideExpire,
  decideHold,
  decideRelease,
  decideUpload,
  effectiveExpiresAt,
  evolveFile,
  type FileState,
  type Hold,
  isHeld,
  isLive,
} from '../../src/index.ts'
import { liveFile as file, NOW, SECONDS } from './file-states.ts'

const holdOf = (id: string, retainUntil: number | null): Hold => ({
  id,
  position: 9,
  name: `name of ${id}`,
  note: null,
  at: NOW - 500_000,
  retainUntil,
})
const overdue: FileState = { ...file, expiresAt: SECONDS - 10, expiryPolicy: 'purpose' }
const indefinite: FileState = { ...overdue, holds: [holdOf('h1', null)] }
const until = (seconds: number): FileState => ({
  ...overdue,
  holds: [holdOf('h1', SECONDS + seconds)],
})

const here = { file: 'f1', idAsSent: 'file-1', project: 'north' }
const hold = {
  ...here,
  type: 'HoldFile',
  hold: 'h2',
  name: 'case 17',
  retainUntil: null,
} as const
const release = { ...here, type: 'ReleaseFile', hold: 'h1' } as const
const remove = { ...here, type: 'DeleteFile' } as const

t.test('a hold is an event with its name and note in the personal data', async (t) => {
  t.same(decideHold(file, { ...hold, note: 'court', retainUntil: SECONDS + 1 }, NOW), {
    events: [
      {
        type: 'FileHeld',
        stream: 'f1',
        after: 1,
        data: { hold: 'h2', retain_until: SECONDS + 1 },
        private: { personal: { name: 'case 17', note: 'court' } },
      },
    ],
  })
})

t.test('a held file is not deleted, and does not expire', async (t) => {
  for (const held of [indefinite, until(1)]) {
    t.ok(isHeld(held, NOW))
    t.ok(isLive(held, NOW), 'it stays readable past its expiry')
    t.match(decideDelete(held, remove, NOW), {
      refusal: {
        key: 'file_held',
        message: /^The file is held, and cannot be deleted until/,
      },
    })
    t.same(decideExpire(held, { type: 'ExpireFile', file: 'f1' }, NOW), { events: [] })
  }
})

t.test('a hold with a time holds to its second, and no longer', async (t) => {
  t.ok(isHeld(until(1), NOW))
  t.notOk(isHeld(until(0), NOW))
  t.match(decideDelete({ ...until(0), expiresAt: null }, remove, NOW), {
    events: [{ type: 'FileDeleted' }],
  })
  t.match(decideExpire(until(0), { type: 'ExpireFile', file: 'f1' }, NOW), {
    events: [{ type: 'FileExpired', after: 1, data: { expired_at: SECONDS } }],
  })
})

t.test('the effective expiry is the latest of expiry, retention and holds', async (t) => {
  const [h1, h2] = [holdOf('h1', 50), holdOf('h2', 70)]
  const at = (state: Partial<FileState>) => effectiveExpiresAt({ ...file, ...state })
  t.equal(at({}), null)
  t.equal(at({ retainUntil: 60 }), null, 'what never expires still does not')
  t.equal(at({ expiresAt: 40 }), 40)
  t.equal(at({ expiresAt: 40, retainUntil: 60 }), 60)
  t.equal(at({ expiresAt: 65, retainUntil: 60 }), 65)
  t.equal(at({ expiresAt: 40, retainUntil: 60, holds: [h1, h2] }), 70)
  t.equal(at({ expiresAt: 40, holds: [h1, holdOf('h3', null)] }), null)
})

t.test('retention of the project is that of the time of the upload', async (t) => {
  const upload = {
    type: 'UploadFile',
    file: 'f1',
    purpose: 'batch',
    bytes: 1,
    expiry: null,
    filename: 'a',
    sha256: 'a'.repeat(64),
    declaredType: null,
    extents: [],
    facts: {},
    validatedBy: [],
  } as const
  const project = { archived: false, limits: { retain_seconds: 60 } }
  t.match(decideUpload({ project, usedBytes: 0 }, upload, NOW), {
    events: [{ data: { retain_until: SECONDS + 60 } }],
  })
  t.match(decideDelete({ ...file, retainUntil: SECONDS + 60 }, remove, NOW), {
    refusal: { key: 'file_held', message: /until 2026-01-01T00:01:00\.000Z\.$/ },
  })
})

t.test('a release is told the name of the hold, or its id', async (t) => {
  for (const named of ['h1', 'name of h1']) {
    t.same(
      decideRelease({ ...indefinite, expiresAt: null }, { ...release, hold: named }, NOW),
      {
        events: [{ type: 'FileReleased', stream: 'f1', after: 1, data: { hold: 'h1' } }],
      },
    )
  }
})

t.test('an overdue file ends with the release of its last hold', async (t) => {
  t.match(decideRelease(indefinite, release, NOW), {
    events: [
      { type: 'FileReleased', after: 1 },
      {
        type: 'FileExpired',
        after: 2,
        data: { expired_at: SECONDS - 10, policy: 'purpose' },
      },
    ],
  })
  const twice = { ...indefinite, holds: [...indefinite.holds, holdOf('h2', null)] }
  const decision = decideRelease(twice, release, NOW)
  t.same('events' in decision && decision.events.map(({ type }) => type), [
    'FileReleased',
  ])
})

t.test('what cannot be held or released is refused', async (t) => {
  const other = { ...hold, project: 'south' }
  t.match(decideHold(null, hold, NOW), { refusal: { key: 'file_not_found' } })
  t.match(decideHold(overdue, hold, NOW), { refusal: { key: 'file_not_found' } })
  t.match(decideHold(file, other, NOW), { refusal: { key: 'file_not_found' } })
  t.match(decideHold(file, { ...hold, retainUntil: SECONDS }, NOW), {
    refusal: { key: 'invalid_value', param: 'retain_until' },
  })
  t.match(decideHold(indefinite, { ...hold, name: 'name of h1' }, NOW), {
    refusal: { key: 'hold_exists', param: 'name' },
  })
  const many = Array.from({ length: 100 }, (_, n) => holdOf(`h${n}`, null))
  t.match(decideHold({ ...file, holds: many }, hold, NOW), {
    refusal: { key: 'too_many_holds' },
  })
  t.match(decideRelease(file, release, NOW), { refusal: { key: 'hold_not_found' } })
  t.match(decideRelease(indefinite, { ...release, project: 'south' }, NOW), {
    refusal: { key: 'file_not_found' },
  })
})

t.test('holds are part of the state until they are released', async (t) => {
  const placed = {
    stream: 'f1',
    position: 9,
    project: 'north',
    seq: 4,
    actor: 'key:k',
    time: NOW,
  }
  const held = evolveFile(file, {
    ...placed,
    type: 'FileHeld',
    version: 2,
    data: { hold: 'h2', retain_until: null },
    private: { personal: { name: 'case 17', note: 'court' } },
  })
  t.same(held, {
    ...file,
    version: 2,
    holds: [
      {
        id: 'h2',
        position: 9,
        name: 'case 17',
        note: 'court',
        at: NOW,
        retainUntil: null,
      },
    ],
  })
  const erased = evolveFile(file, {
    ...placed,
    type: 'FileHeld',
    version: 2,
    data: { hold: 'h2', retain_until: null },
    private: {},
  })
  t.match(erased.holds, [{ id: 'h2', name: null, note: null }])
  const released = evolveFile(held, {
    ...placed,
    type: 'FileReleased',
    version: 3,
    data: { hold: 'h2' },
    private: {},
  })
  t.same(released, { ...file, version: 3 })
})
