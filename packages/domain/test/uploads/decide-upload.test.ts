import t from 'tap'
import {
  type AddPart,
  type CompleteUpload,
  type Decision,
  decideAddPart,
  decideCancelUpload,
  decideCompleteUpload,
  decideCreateUpload,
  decideExpireUpload,
  type Upload,
  uploadLimits,
} from '../../src/index.ts'

/** 2026-01-01T00:00:00.9Z, in microseconds and in seconds. */
const NOW = 1_767_225_600_900_000
const SECONDS = 1_767_225_600
const DIGEST = 'a'.repeat(64)
const MiB = 2 ** 20

const pending: Upload = {
  id: 'u1',
  project: 'north',
  position: 7,
  version: 3,
  purpose: 'batch',
  bytes: 100,
  createdAt: NOW - 1_000_000,
  expiresAt: SECONDS + 1,
  fileExpiresAfter: null,
  classification: null,
  complianceRegime: null,
  options: null,
  filename: 'a.jsonl',
  metadata: null,
  textOptions: null,
  declaredType: 'text/jsonl',
  partCount: 2,
  partBytes: 100,
  ended: null,
}
const at = { position: 9, at: NOW - 1 }
const cancelled: Upload = { ...pending, ended: { status: 'cancelled', ...at } }
const overdue: Upload = { ...pending, expiresAt: SECONDS }
const completed: Upload = {
  ...pending,
  ended: { status: 'completed', ...at, file: 'f1', parts: ['p2', 'p1'], md5: null },
}
const ended: Readonly<Record<string, [Upload, RegExp]>> = {
  'was completed': [completed, /was completed/],
  'was cancelled': [cancelled, /was cancelled/],
  'has expired': [{ ...pending, ended: { status: 'expired', ...at } }, /has expired/],
  'is overdue': [overdue, /has expired/],
}

const open = { project: { archived: false, limits: {} }, usedBytes: 100 }
const asked = { upload: 'u1', idAsSent: 'upload_1', project: 'north' }
const part = { ...asked, type: 'AddPart', part: 'p3', bytes: 10, sha256: DIGEST } as const
const complete = {
  ...asked,
  type: 'CompleteUpload',
  file: {
    type: 'UploadFile',
    file: 'f1',
    purpose: 'batch',
    bytes: 100,
    expiry: null,
    filename: 'a.jsonl',
    sha256: DIGEST,
    declaredType: 'text/jsonl',
    extents: [
      { id: 'p2', bytes: 60, sha256: DIGEST },
      { id: 'p1', bytes: 40, sha256: DIGEST },
    ],
    facts: {},
    validatedBy: [],
  },
} as const
const cancel = { ...asked, type: 'CancelUpload' } as const

const keyOf = (decision: Decision) =>
  'refusal' in decision ? decision.refusal.key : decision.events.map(({ type }) => type)

t.test('an upload has an hour from the second of its creation', async (t) => {
  const decision = decideCreateUpload(
    open,
    {
      type: 'CreateUpload',
      upload: 'u1',
      purpose: 'batch',
      bytes: 100,
      filename: 'a.jsonl',
      metadata: { team: 'north' },
      declaredType: 'text/jsonl',
      fileExpiresAfter: 3600,
    },
    NOW,
  )
  t.same(decision, {
    events: [
      {
        type: 'UploadCreated',
        stream: 'u1',
        after: 0,
        data: {
          purpose: 'batch',
          bytes: 100,
          expires_at: SECONDS + 3600,
          expires_after: 3600,
        },
        private: {
          personal: { filename: 'a.jsonl', metadata: { team: 'north' } },
          content: { declared_type: 'text/jsonl' },
        },
      },
    ],
  })
})

t.test('a part follows what the upload has', async (t) => {
  t.same(decideAddPart(pending, open, part, NOW), {
    events: [
      {
        type: 'UploadPartAdded',
        stream: 'u1',
        after: 3,
        data: { part: 'p3', bytes: 10 },
        private: { content: { sha256: DIGEST } },
      },
    ],
  })
})

for (const [what, [upload, message]] of Object.entries(ended)) {
  t.test(`an upload that ${what} takes nothing`, async (t) => {
    const refused = [decideAddPart(upload, open, part, NOW)]
    // What was done just so already is another matter.
    if (what !== 'was completed')
      refused.push(decideCompleteUpload(upload, open, complete, NOW))
    if (what !== 'was cancelled') refused.push(decideCancelUpload(upload, cancel, NOW))
    for (const decision of refused) {
      if (!('refusal' in decision)) throw new Error('it was taken')
      t.equal(decision.refusal.key, 'upload_not_pending')
      t.match(decision.refusal.message, message)
    }
  })
}

t.test("another project's upload is one that never was", async (t) => {
  const other = { project: 'south' }
  for (const upload of [null, pending, cancelled]) {
    for (const decision of [
      decideAddPart(upload, open, { ...part, ...other }, NOW),
      decideCompleteUpload(upload, open, { ...complete, ...other }, NOW),
      decideCancelUpload(upload, { ...cancel, ...other }, NOW),
    ]) {
      if (!('refusal' in decision)) throw new Error('it was found')
      t.match(decision.refusal, {
        key: 'upload_not_found',
        message: 'No such Upload object: upload_1',
        param: 'upload_id',
      })
    }
  }
})

t.test('the bounds of an upload are inclusive', async (t) => {
  const add = (upload: Partial<Upload>, command: Partial<AddPart> = {}) =>
    keyOf(decideAddPart({ ...pending, ...upload }, open, { ...part, ...command }, NOW))
  const taken = ['UploadPartAdded']
  t.same(add({ partCount: uploadLimits.parts - 1 }), taken)
  t.same(add({ partCount: uploadLimits.parts }), 'too_many_parts')
  const room = 2 * 100 + 64 * MiB
  t.same(add({ partBytes: room - 10 }), taken)
  t.same(add({ partBytes: room - 9 }), 'too_many_parts')
})

t.test('parts count against the quota, and their file takes their place', async (t) => {
  const limited = (quota: number) => ({
    project: { archived: false, limits: { quota_bytes: quota } },
    usedBytes: 500,
  })
  t.same(keyOf(decideAddPart(pending, limited(510), part, NOW)), ['UploadPartAdded'])
  t.same(keyOf(decideAddPart(pending, limited(509), part, NOW)), 'storage_quota_exceeded')
  t.same(keyOf(decideCompleteUpload(pending, limited(500), complete, NOW)), [
    'FileUploaded',
    'UploadCompleted',
  ])
  t.same(
    keyOf(decideCompleteUpload(pending, limited(499), complete, NOW)),
    'storage_quota_exceeded',
  )
})

t.test('the file and the end of the upload come together', async (t) => {
  const md5 = 'c'.repeat(32)
  const decision = decideCompleteUpload(pending, open, { ...complete, md5 }, NOW)
  t.match(decision, {
    events: [
      {
        type: 'FileUploaded',
        stream: 'f1',
        after: 0,
        data: { source: 'u1', bytes: 100 },
        private: { content: { extents: [{ id: 'p2' }, { id: 'p1' }] } },
      },
      {
        type: 'UploadCompleted',
        stream: 'u1',
        after: 3,
        data: { file: 'f1', parts: ['p2', 'p1'] },
        private: { content: { sha256: DIGEST, md5 } },
      },
    ],
  })
})

t.test('only the same completion is done already', async (t) => {
  const again = (upload: Upload, command: Partial<CompleteUpload> = {}) =>
    keyOf(decideCompleteUpload(upload, open, { ...complete, ...command }, NOW))
  t.same(again(completed), [])
  const { extents } = complete.file
  const reversed = { ...complete.file, extents: extents.toReversed() }
  t.same(again(completed, { file: reversed }), 'upload_not_pending')
  const fewer = { ...complete.file, extents: extents.slice(1) }
  t.same(again(completed, { file: fewer }), 'upload_not_pending')
  t.same(again(completed, { md5: 'c'.repeat(32) }), 'upload_not_pending')
})

t.test('an upload expires once its second has come, and only once', async (t) => {
  const command = { type: 'ExpireUpload', upload: 'u1' } as const
  t.same(keyOf(decideExpireUpload(overdue, command, NOW)), ['UploadExpired'])
  for (const upload of [pending, cancelled, completed, null])
    t.same(keyOf(decideExpireUpload(upload, command, NOW)), [])
})

t.test('a second cancellation leads to nothing', async (t) => {
  t.same(keyOf(decideCancelUpload(pending, cancel, NOW)), ['UploadCancelled'])
  t.same(keyOf(decideCancelUpload(cancelled, cancel, NOW)), [])
})

t.test('an archived project has no new files', async (t) => {
  const archived = { ...open, project: { archived: true, limits: {} } }
  t.same(
    keyOf(decideCompleteUpload(pending, archived, complete, NOW)),
    'project_archived',
  )
})
