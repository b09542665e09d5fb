import { definePlugin } from '@custody/plugin-api'

/**
 * The purposes of the Files API whose content is free. None has a validator, so no file of theirs is ever handed
 * to a worker; and none has a bound of its own, so that an upload in parts can be as large as the dialect allows.
 */
export default definePlugin({
  name: '@custody/plugin-general',
  version: '1.0.0',
  api: 1,
  purposes: {
    assistants: { direction: 'input' },
    user_data: { direction: 'input' },
    evals: { direction: 'input' },
    assistants_output: { direction: 'output' },
    batch_output: { direction: 'output' },
    'fine-tune-results': { direction: 'output' },
  },
})
