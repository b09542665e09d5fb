import type { EventType } from './event-map.ts'

const text = { type: 'string', minLength: 1, maxLength: 4096 } as const
const uint = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const hex64 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const
const hex32 = { type: 'string', pattern: '^[0-9a-f]{32}$' } as const
const nullable = (schema: object) => ({ anyOf: [{ type: 'null' }, schema] })
const listOf = (items: object, maxItems = 4096) => ({ type: 'array', items, maxItems })
const texts = { type: 'object', additionalProperties: { type: 'string' } } as const
const policy = { enum: ['request', 'purpose', 'project'] } as const

function shape(required: Record<string, object>, optional: Record<string, object> = {}) {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

const limits = shape(
  {},
  {
    max_file_bytes: uint,
    quota_bytes: uint,
    uploads_per_minute: uint,
    retain_seconds: uint,
    purposes: {
      type: 'object',
      additionalProperties: shape({}, { max_bytes: uint, default_expiry_seconds: uint }),
    },
  },
)
const named = shape({ name: { type: 'string', maxLength: 4096 } })
const nothing = shape({})

type TypeSchema = {
  /** The schema number that is written today. */
  readonly schema: number
  readonly data: object
  /** Private groups: true where the group must be there. */
  readonly private?: Readonly<
    Record<string, { readonly required: boolean; readonly body: object }>
  >
}

/** What is written today, as JSON Schema (2020-12), by type. */
export const eventSchemas: Readonly<Record<EventType, TypeSchema>> = {
  LogCreated: { schema: 1, data: shape({ log_id: text, format: uint, software: text }) },
  LogKeyAdded: {
    schema: 1,
    data: shape({ algorithm: { enum: ['ed25519'] }, vkey: text, epoch: uint }),
  },
  LogKeyRetired: { schema: 1, data: shape({ vkey: text }) },
  LogRestored: {
    schema: 1,
    data: shape({
      epoch: uint,
      reason: { enum: ['rollback', 'restore', 'import', 'move'] },
      old: nullable(shape({ origin: text, size: uint, root: text })),
    }),
  },
  FileUploaded: {
    schema: 2,
    data: shape(
      {
        purpose: text,
        bytes: uint,
        expires_at: nullable(uint),
        expiry_policy: nullable(policy),
        validated_by: listOf(shape({ plugin: text, version: text })),
        source: text,
      },
      {
        classification: text,
        compliance_regime: text,
        retain_until: uint,
        options: { type: 'object' },
      },
    ),
    private: {
      personal: {
        required: true,
        body: shape({ filename: text }, { metadata: texts, options: texts }),
      },
      content: {
        required: true,
        body: shape({
          sha256: hex64,
          declared_type: nullable({ type: 'string' }),
          extents: listOf(shape({ id: text, bytes: uint, sha256: hex64 })),
          facts: { type: 'object' },
        }),
      },
    },
  },
  FileExpired: { schema: 1, data: shape({ expired_at: uint, policy }) },
  FileDeleted: {
    schema: 1,
    data: shape({ reason: { enum: ['request'] } }),
  },
  FileHeld: {
    schema: 1,
    data: shape({ hold: text, retain_until: nullable(uint) }),
    private: {
      personal: { required: true, body: shape({ name: text }, { note: text }) },
    },
  },
  FileReleased: { schema: 1, data: shape({ hold: text }) },
  FileErased: {
    schema: 1,
    data: shape({ reason: { enum: ['request', 'restore'] } }),
  },
  FileDamaged: {
    schema: 1,
    data: shape({
      extent: text,
      segment: nullable(uint),
      found_by: { enum: ['read', 'scrub'] },
    }),
  },
  FileRepaired: { schema: 1, data: shape({ extent: text }) },
  FileContentRead: {
    schema: 1,
    data: shape(
      {
        file: text,
        what: { enum: ['content', 'metadata'] },
        range: nullable(shape({ start: uint, end: uint })),
        read_at: uint,
        request: text,
      },
      { lost: uint },
    ),
  },
  UploadCreated: {
    schema: 1,
    data: shape(
      { purpose: text, bytes: uint, expires_at: uint, expires_after: nullable(uint) },
      { classification: text, compliance_regime: text, options: { type: 'object' } },
    ),
    private: {
      personal: {
        required: true,
        body: shape({ filename: text }, { metadata: texts, options: texts }),
      },
      content: { required: true, body: shape({ declared_type: { type: 'string' } }) },
    },
  },
  UploadPartAdded: {
    schema: 1,
    data: shape({ part: text, bytes: uint }),
    private: { content: { required: true, body: shape({ sha256: hex64 }) } },
  },
  UploadCompleted: {
    schema: 1,
    data: shape({ file: text, parts: listOf(text) }),
    private: {
      content: { required: true, body: shape({ sha256: hex64 }, { md5: hex32 }) },
    },
  },
  UploadCancelled: { schema: 1, data: nothing },
  UploadExpired: { schema: 1, data: shape({ expired_at: uint }) },
  PrivateDataErased: {
    schema: 2,
    data: shape(
      { erased: listOf(shape({ position: uint, group: text })) },
      { extents: listOf(text) },
    ),
  },
  ContentDestroyed: { schema: 1, data: shape({ extents: listOf(text) }) },
  ProjectCreated: {
    schema: 1,
    data: shape({ dialect: text, limits }),
    private: { personal: { required: true, body: named } },
  },
  ProjectUpdated: {
    schema: 1,
    data: shape({}, { limits, dialect: text }),
    private: { personal: { required: false, body: named } },
  },
  ProjectArchived: { schema: 1, data: nothing },
  ServiceAccountCreated: {
    schema: 1,
    data: shape({ scopes: listOf(text) }),
    private: { personal: { required: true, body: named } },
  },
  ServiceAccountUpdated: {
    schema: 1,
    data: nothing,
    private: { personal: { required: true, body: named } },
  },
  ServiceAccountDeleted: { schema: 1, data: nothing },
  ApiKeyCreated: {
    schema: 2,
    data: shape(
      { account: nullable(text), scopes: listOf(text), expires_at: nullable(uint) },
      { uploads_per_minute: uint },
    ),
    private: {
      personal: { required: true, body: named },
      credential: { required: true, body: shape({ sha256: hex64, redacted: text }) },
    },
  },
  ApiKeyUpdated: {
    schema: 2,
    data: shape(
      {},
      {
        scopes: listOf(text),
        expires_at: nullable(uint),
        uploads_per_minute: nullable(uint),
      },
    ),
  },
  ApiKeyRevoked: {
    schema: 1,
    data: shape({ reason: { enum: ['request', 'account_deleted', 'configuration'] } }),
  },
  WebhookCreated: {
    schema: 1,
    data: shape({ events: listOf(text), secret: text }),
    private: {
      personal: { required: true, body: shape({ url: text }, { description: text }) },
    },
  },
  WebhookUpdated: {
    schema: 1,
    data: shape(
      {},
      {
        events: listOf(text),
        enabled: { const: true },
        secret: text,
        former_until: uint,
      },
    ),
    private: {
      personal: {
        required: false,
        body: shape({}, { url: text, description: nullable(text) }),
      },
    },
  },
  WebhookDisabled: {
    schema: 1,
    data: shape({ reason: { enum: ['request', 'failing', 'gone'] } }),
  },
  WebhookDeleted: { schema: 1, data: nothing },
  ConsumerSkipped: { schema: 1, data: shape({ consumer: text, position: uint }) },
  IndexRebuilt: { schema: 1, data: shape({ projection: text }) },
  ClockAccepted: {
    schema: 1,
    data: shape({ wall_time: uint, problem: { enum: ['jumped', 'behind'] } }),
  },
  MasterKeyRotated: { schema: 1, data: shape({ from: text, to: text }) },
}
