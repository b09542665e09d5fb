/** What a plugin declares, as data: functions have become `{"function":true}`. */
const aFunction = {
  type: 'object',
  properties: { function: { const: true } },
  required: ['function'],
} as const

const name = { type: 'string', minLength: 1, maxLength: 214 } as const
const purposeName = { type: 'string', minLength: 1, maxLength: 64 } as const

const extension = { type: 'string', pattern: '^\\.[^.A-Z/\\\\]+$' } as const
const bytes = { type: 'integer', minimum: 1 } as const
const dialects = { type: 'array', minItems: 1, items: name } as const

const purpose = {
  type: 'object',
  properties: {
    direction: { enum: ['input', 'output'] },
    extensions: {
      type: 'array',
      minItems: 1,
      items: extension,
    },
    maxBytes: bytes,
    maxBytesByExtension: {
      type: 'object',
      propertyNames: extension,
      additionalProperties: bytes,
    },
    defaultExpirySeconds: { type: 'integer', minimum: 1 },
    dialects,
    validate: aFunction,
    validateFrom: bytes,
    streaming: { type: 'boolean' },
  },
  dependentRequired: { validateFrom: ['validate'] },
  // How large a file is that still arrives nobody knows.
  dependentSchemas: { validateFrom: { properties: { streaming: { const: false } } } },
  required: ['direction'],
  additionalProperties: false,
} as const

export const declarationSchema = {
  type: 'object',
  properties: {
    name,
    version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+([-+].+)?$' },
    api: { const: 1 },
    purposes: {
      type: 'object',
      propertyNames: purposeName,
      additionalProperties: purpose,
    },
    checks: {
      type: 'object',
      propertyNames: purposeName,
      additionalProperties: {
        type: 'object',
        properties: { validate: aFunction, dialects },
        required: ['validate'],
        additionalProperties: false,
      },
    },
    optionsSchema: { type: 'object' },
    on: {
      type: 'object',
      properties: {
        purposes: { const: '*' },
        FileUploaded: aFunction,
        FileExpired: aFunction,
        FileDeleted: aFunction,
      },
      additionalProperties: false,
    },
  },
  required: ['name', 'version', 'api'],
  additionalProperties: false,
} as const

/** A declaration that keeps the schema. */
export type Declaration = {
  readonly name: string
  readonly version: string
  readonly purposes?: Readonly<Record<string, DeclaredPurpose>>
  readonly checks?: Readonly<Record<string, DeclaredCheck>>
  readonly optionsSchema?: Readonly<Record<string, unknown>>
  readonly on?: Readonly<Record<string, unknown>>
}

export type DeclaredPurpose = {
  readonly direction: 'input' | 'output'
  readonly extensions?: readonly string[]
  readonly maxBytes?: number
  readonly maxBytesByExtension?: Readonly<Record<string, number>>
  readonly defaultExpirySeconds?: number
  readonly dialects?: readonly string[]
  readonly validate?: unknown
  readonly validateFrom?: number
  readonly streaming?: boolean
}

export type DeclaredCheck = { readonly dialects?: readonly string[] }
