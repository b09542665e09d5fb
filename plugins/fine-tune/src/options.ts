/** Options of the plugin in the configuration. */
export type FineTuneOptions = {
  /** Most images in one example, 0..1000. Default 10, OpenAI's bound (Azure: 64). */
  readonly maxImagesPerExample?: number
  /** Further keys that a message may have, such as `reasoning_content`. Default none. */
  readonly messageKeys?: readonly string[]
}

export const DEFAULT_MAX_IMAGES_PER_EXAMPLE = 10

export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    maxImagesPerExample: { type: 'integer', minimum: 0, maximum: 1000 },
    messageKeys: {
      type: 'array',
      maxItems: 100,
      items: { type: 'string', minLength: 1, maxLength: 200 },
    },
  },
} as const
