import { definePlugin } from '@custody/plugin-api'
import { DEFAULT_MAX_BYTES, optionsSchema, type VisionOptions } from './options.ts'
import { validateImage } from './validate-image.ts'
import { formatByExtension } from './warnings-of.ts'

/** Images for vision models: PNG, JPEG, WebP and non-animated GIF. */
export default definePlugin<VisionOptions>({
  name: '@custody/plugin-vision-image',
  version: '1.0.0',
  api: 1,
  purposes: {
    vision: {
      direction: 'input',
      extensions: Object.keys(formatByExtension),
      maxBytes: DEFAULT_MAX_BYTES,
      validate: validateImage,
    },
  },
  optionsSchema,
})
