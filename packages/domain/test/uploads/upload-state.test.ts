import t from 'tap'
import { evolveUpload, type PlacedEvent, uploadStatus } from '../../src/index.ts'

type UploadEvent = Parameters<typeof evolveUpload>[1]

const SECONDS = 1_767_225_600
const place = { stream: 'u1', project: 'north', actor: 'key:k', seq: 1 }
const created: PlacedEvent<'UploadCreated'> = {
  ...place,
  type: 'UploadCreated',
  version: 1,
  position: 7,
  time: 1,
  data: { purpose: 'batch', bytes: 100, expires_at: SECONDS, expires_after: null },
  private: {
    personal: { filename: 'a.jsonl', metadata: { team: 'north' } },
    content: { declared_type: 'text/jsonl' },
  },
}
const added = (version: number, bytes: number): PlacedEvent<'UploadPartAdded'> => ({
  ...place,
  type: 'UploadPartAdded',
  version,
  position: 7 + version,
  time: version,
  data: { part: `p${version}`, bytes },
  private: {},
})
const cancelled: PlacedEvent<'UploadCancelled'> = {
  ...place,
  type: 'UploadCancelled',
  version: 2,
  position: 9,
  time: 9,
  data: {},
  private: {},
}
const after = (...events: readonly UploadEvent[]) => {
  const [first, ...rest] = events
  if (!first) throw new Error('no event')
  return rest.reduce(evolveUpload, evolveUpload(null, first))
}

t.test('parts are counted', async (t) => {
  t.match(after(created, added(2, 40), added(3, 60)), {
    version: 3,
    partCount: 2,
    partBytes: 100,
    ended: null,
  })
})

t.test('what was erased is null', async (t) => {
  t.match(after({ ...created, private: {} }), {
    filename: null,
    metadata: null,
    declaredType: null,
    purpose: 'batch',
  })
  const completed: UploadEvent = {
    ...cancelled,
    type: 'UploadCompleted',
    data: { file: 'f1', parts: ['p2'] },
  }
  t.match(after(created, completed).ended, { status: 'completed', file: 'f1', md5: null })
})

t.test('its time ends it, whatever the log says yet', async (t) => {
  const upload = after(created)
  t.equal(uploadStatus(upload, SECONDS * 1e6 - 1), 'pending')
  t.equal(uploadStatus(upload, SECONDS * 1e6), 'expired')
  t.equal(uploadStatus(after(created, cancelled), SECONDS * 1e6), 'cancelled')
})

t.test('a history that cannot be is an error', async (t) => {
  t.throws(() => evolveUpload(null, cancelled), { message: /never was/ })
  t.throws(() => after(created, created), { message: /created twice/ })
  t.throws(() => after(created, cancelled, added(3, 1)), { message: /has ended/ })
})
