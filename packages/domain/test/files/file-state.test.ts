import t from 'tap'
import {
  evolveFile,
  type FileState,
  isExpired,
  isLive,
  type PlacedEvent,
} from '../../src/index.ts'

const placed = {
  stream: 'f1',
  position: 7,
  project: 'north',
  seq: 3,
  version: 1,
  time: 1_767_225_600_900_000,
  actor: 'key:k',
}

const uploaded: PlacedEvent<'FileUploaded'> = {
  ...placed,
  type: 'FileUploaded',
  data: {
    purpose: 'batch',
    bytes: 100,
    expires_at: 1_767_229_200,
    expiry_policy: 'purpose',
    validated_by: [],
    source: 'form',
  },
  private: {
    personal: { filename: 'a.jsonl', metadata: { owner: 'Ada' } },
    content: {
      sha256: 'a'.repeat(64),
      declared_type: null,
      extents: [{ id: 'e1', bytes: 100, sha256: 'a'.repeat(64) }],
      facts: { p: 1 },
    },
  },
}
const later = { ...placed, position: 9, seq: 4, version: 2, time: placed.time + 5 }
const deleted: PlacedEvent<'FileDeleted'> = {
  ...later,
  type: 'FileDeleted',
  data: { reason: 'request' },
  private: {},
}
const expired: PlacedEvent<'FileExpired'> = {
  ...later,
  type: 'FileExpired',
  data: { expired_at: 1_767_229_200, policy: 'purpose' },
  private: {},
}

const state: FileState = {
  id: 'f1',
  project: 'north',
  position: 7,
  seq: 3,
  version: 1,
  purpose: 'batch',
  bytes: 100,
  createdAt: placed.time,
  expiresAt: 1_767_229_200,
  expiryPolicy: 'purpose',
  retainUntil: null,
  holds: [],
  filename: 'a.jsonl',
  metadata: { owner: 'Ada' },
  classification: null,
  complianceRegime: null,
  sha256: 'a'.repeat(64),
  extents: [{ id: 'e1', bytes: 100, sha256: 'a'.repeat(64) }],
  damaged: [],
  ended: null,
}

t.test('a file begins with its upload', async (t) => {
  t.same(evolveFile(null, uploaded), state)
})

t.test('an upload whose private data was erased is a file without it', async (t) => {
  t.same(evolveFile(null, { ...uploaded, private: {} }), {
    ...state,
    filename: null,
    metadata: null,
    classification: null,
    complianceRegime: null,
    sha256: null,
    extents: [],
  })
})

t.test('a file ends once, and keeps what it was', async (t) => {
  const ended = { position: 9, seq: 4, at: later.time }
  t.same(evolveFile(state, deleted), {
    ...state,
    version: 2,
    ended: { ...ended, reason: 'deleted' },
  })
  t.same(evolveFile(state, expired), {
    ...state,
    version: 2,
    ended: { ...ended, reason: 'expired' },
  })
  const gone = evolveFile(state, deleted)
  for (const event of [deleted, expired]) {
    t.throws(() => evolveFile(gone, event), { message: /has ended/ })
    t.throws(() => evolveFile(null, event), { message: /never uploaded/ })
  }
  t.throws(() => evolveFile(state, uploaded), { message: /uploaded twice/ })
})

t.test('a file is there until the second of its expiry begins', async (t) => {
  const at = 1_767_229_200_000_000
  t.notOk(isExpired(state, at - 1))
  t.ok(isExpired(state, at))
  t.ok(isLive(state, at - 1))
  t.notOk(isLive(state, at))
  t.ok(isLive({ ...state, expiresAt: null }, at * 2))
  t.notOk(isLive(evolveFile(state, deleted), placed.time), 'nor after its end')
})

t.test('classification and compliance regime are those of the upload', async (t) => {
  const data = {
    ...uploaded.data,
    classification: 'phi',
    compliance_regime: 'hipaa',
    options: { process: true },
  }
  t.same(evolveFile(null, { ...uploaded, data }), {
    ...state,
    classification: 'phi',
    complianceRegime: 'hipaa',
  })
})
