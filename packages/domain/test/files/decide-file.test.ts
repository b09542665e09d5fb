import t from 'tap'
import {
  decideDelete,
  decideExpire,
  decideUpload,
  type FileState,
  type UploadFile,
} from '../../src/index.ts'
import { liveFile as live, NOW, SECONDS } from './file-states.ts'

const upload: UploadFile = {
  type: 'UploadFile',
  file: 'f1',
  purpose: 'batch',
  bytes: 100,
  expiry: null,
  filename: 'a.jsonl',
  sha256: 'a'.repeat(64),
  declaredType: null,
  extents: [{ id: 'e1', bytes: 100, sha256: 'a'.repeat(64) }],
  facts: {},
  validatedBy: [{ plugin: 'p', version: '1.0.0' }],
}
const project = { archived: false, limits: {} }

const due: FileState = { ...live, expiresAt: SECONDS, expiryPolicy: 'purpose' }
const notDue: FileState = { ...due, expiresAt: SECONDS + 1 }
const ended: FileState = {
  ...due,
  ended: { position: 9, seq: 4, at: NOW - 1, reason: 'deleted' },
}

t.test('an upload becomes an event that begins its stream', async (t) => {
  t.same(decideUpload({ project, usedBytes: 0 }, upload, NOW), {
    events: [
      {
        type: 'FileUploaded',
        stream: 'f1',
        after: 0,
        data: {
          purpose: 'batch',
          bytes: 100,
          expires_at: null,
          expiry_policy: null,
          validated_by: [{ plugin: 'p', version: '1.0.0' }],
          source: 'form',
        },
        private: {
          personal: { filename: 'a.jsonl' },
          content: {
            sha256: upload.sha256,
            declared_type: null,
            extents: upload.extents,
            facts: {},
          },
        },
      },
    ],
  })
})

t.test('an expiry counts from the second of the upload', async (t) => {
  const expiry = { afterSeconds: 3_600, policy: 'request' } as const
  t.match(decideUpload({ project, usedBytes: 0 }, { ...upload, expiry }, NOW), {
    events: [{ data: { expires_at: SECONDS + 3_600, expiry_policy: 'request' } }],
  })
})

t.test('metadata goes with the personal data', async (t) => {
  const metadata = { owner: 'Ada' }
  t.match(decideUpload({ project, usedBytes: 0 }, { ...upload, metadata }, NOW), {
    events: [{ private: { personal: { filename: 'a.jsonl', metadata } } }],
  })
})

t.test(
  'what a provider is asked for is recorded, its free text with the personal data',
  async (t) => {
    const asked = {
      classification: 'phi',
      complianceRegime: 'hipaa',
      options: { process: true },
      textOptions: { collection: 'legal-docs' },
    }
    t.match(decideUpload({ project, usedBytes: 0 }, { ...upload, ...asked }, NOW), {
      events: [
        {
          data: {
            classification: 'phi',
            compliance_regime: 'hipaa',
            options: { process: true },
          },
          private: {
            personal: { filename: 'a.jsonl', options: { collection: 'legal-docs' } },
          },
        },
      ],
    })
  },
)

t.test('a general quota holds where the project has none of its own', async (t) => {
  const general = { ...upload, quotaBytes: 1_000 }
  const decide = (limits: object, usedBytes: number) =>
    decideUpload({ project: { archived: false, limits }, usedBytes }, general, NOW)
  const accepted = { events: [{ type: 'FileUploaded' }] }
  const refused = { refusal: { key: 'storage_quota_exceeded' } }
  t.match(decide({}, 900), accepted)
  t.match(decide({}, 901), refused)
  t.match(decide({ quota_bytes: 2_000 }, 901), accepted)
  t.match(decide({ quota_bytes: 500 }, 450), refused)
})

t.test('a quota is inclusive', async (t) => {
  const limited = { archived: false, limits: { quota_bytes: 1_000 } }
  t.match(decideUpload({ project: limited, usedBytes: 900 }, upload, NOW), {
    events: [{ type: 'FileUploaded' }],
  })
  for (const [usedBytes, left] of [
    [901, 99],
    [2_000, 0],
  ] as const) {
    t.match(decideUpload({ project: limited, usedBytes }, upload, NOW), {
      refusal: {
        key: 'storage_quota_exceeded',
        message: `The file has 100 bytes; ${left} of the project's 1000 bytes are left.`,
      },
    })
  }
})

t.test('an archived project takes no file', async (t) => {
  const archived = { archived: true, limits: {} }
  t.match(decideUpload({ project: archived, usedBytes: 0 }, upload, NOW), {
    refusal: { key: 'project_archived' },
  })
})

const command = {
  type: 'DeleteFile',
  file: 'f1',
  idAsSent: 'file-f1',
  project: 'north',
} as const

t.test('a live file is deleted after its last version', async (t) => {
  for (const state of [live, notDue, { ...live, version: 4 }]) {
    t.same(decideDelete(state, command, NOW), {
      events: [
        {
          type: 'FileDeleted',
          stream: 'f1',
          after: state.version,
          data: { reason: 'request' },
        },
      ],
    })
  }
})

const gone: readonly [string, FileState | null][] = [
  ['that never was', null],
  ['that has ended', ended],
  ['whose expiry has passed', due],
  ['of another project', { ...live, project: 'south' }],
]
for (const [name, state] of gone) {
  t.test(`a file ${name} is not found, under the id as it was sent`, async (t) => {
    t.match(decideDelete(state, command, NOW), {
      refusal: {
        key: 'file_not_found',
        message: 'No such File object: file-f1',
        param: 'id',
      },
    })
  })
}

t.test('a due file expires at the second that it was promised', async (t) => {
  const expire = { type: 'ExpireFile', file: 'f1' } as const
  t.same(decideExpire(due, expire, NOW + 60_000_000), {
    events: [
      {
        type: 'FileExpired',
        stream: 'f1',
        after: 1,
        data: { expired_at: SECONDS, policy: 'purpose' },
      },
    ],
  })
  for (const state of [null, live, notDue, ended]) {
    t.same(decideExpire(state, expire, NOW), { events: [] }, 'otherwise nothing happens')
  }
})
