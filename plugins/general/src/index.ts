import { definePlugin } from '@custody/plugin-api'
import { SURELY_WITHIN_BYTES, validateAssistants } from './validate-assistants.ts'

/**
 * The purposes of the Files API whose content is free. Only of `assistants` are large texts looked at, for their
 * tokens; no other file is ever handed to a worker. None has a bound of its own in bytes, so that an upload in parts
 * can be as large as the dialect allows.
 */
export default definePlugin({
  name: '@custody/plugin-general',
  version: '1.1.0',
  api: 1,
  purposes: {
    assistants: {
      direction: 'input',
      validate: validateAssistants,
      validateFrom: SURELY_WITHIN_BYTES + 1,
    },
    user_data: { direction: 'input' },
    evals: { direction: 'input' },
    assistants_output: { direction: 'output' },
    batch_output: { direction: 'output' },
    'fine-tune-results': { direction: 'output' },
  },
})
