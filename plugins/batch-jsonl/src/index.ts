import { definePlugin } from '@custody/plugin-api'
import { type BatchOptions, optionsSchema } from './options.ts'
import { validateBatch } from './validate-batch.ts'

const MiB = 1024 * 1024

/** Batch input files: JSONL, one request per line. */
export default definePlugin<BatchOptions>({
  name: '@custody/plugin-batch-jsonl',
  version: '1.0.0',
  api: 1,
  purposes: {
    batch: {
      direction: 'input',
      streaming: true,
      extensions: ['.jsonl'],
      maxBytes: 200 * MiB,
      validate: validateBatch,
    },
  },
  optionsSchema,
})
