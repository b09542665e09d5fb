/** Options of the plugin in the configuration. */
export type BatchOptions = {
  /** Further values of `url` that the inference engine serves, such as `/v1/rerank`. Default none. */
  readonly endpoints?: readonly string[]
  /** Most requests in one file, 1..1,000,000. Default 50,000, OpenAI's bound (Azure: 100,000). */
  readonly maxRequests?: number
  /** Refuse a file whose lines name several models, as OpenAI does. Default true. */
  readonly requireOneModel?: boolean
}

export const DEFAULT_MAX_REQUESTS = 50_000

export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    endpoints: {
      type: 'array',
      maxItems: 100,
      items: { type: 'string', pattern: '^/', maxLength: 200 },
    },
    maxRequests: { type: 'integer', minimum: 1, maximum: 1_000_000 },
    requireOneModel: { type: 'boolean' },
  },
} as const
