/** Options of the plugin in the configuration. */
export type VisionOptions = {
  /**
   * Largest image in bytes, inclusive, 1..536,870,912. Default 536,870,912 (512 MiB), the bound of the
   * Files API; inference engines often take less, such as 20 MiB.
   */
  readonly maxBytes?: number
}

/** 512 MiB. */
export const DEFAULT_MAX_BYTES = 512 * 1024 * 1024

export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    maxBytes: { type: 'integer', minimum: 1, maximum: DEFAULT_MAX_BYTES },
  },
} as const
