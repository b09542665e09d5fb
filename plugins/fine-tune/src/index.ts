import { definePlugin } from '@custody/plugin-api'
import { type FineTuneOptions, optionsSchema } from './options.ts'
import { validateTrainingFile } from './validate-training-file.ts'

const MiB = 1024 * 1024

/** Training files: JSONL, one chat, completions, preference or reinforcement example per line. */
export default definePlugin<FineTuneOptions>({
  name: '@custody/plugin-fine-tune',
  version: '1.0.0',
  api: 1,
  purposes: {
    'fine-tune': {
      direction: 'input',
      streaming: true,
      extensions: ['.jsonl'],
      maxBytes: 512 * MiB,
      validate: validateTrainingFile,
    },
  },
  optionsSchema,
})
