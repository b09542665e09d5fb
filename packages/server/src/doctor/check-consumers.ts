import { quote } from '@custody/domain'
import type { Check } from './check.ts'

/** Readers of the log that have given up: reactions of plugins, and webhooks. */
export const checkConsumers: Check = {
  name: 'consumers',
  otherwise: 'The log could not be read: see there.',
  async run({ reader }) {
    const consumers = await (await reader()).consumers()
    const stopped = consumers.filter(({ status }) => status === 'stopped')
    const findings = stopped.map(({ name, position, attempts, error }) => ({
      problem: `Consumer ${quote(name)} has stopped after ${attempts} failures behind position ${position}: ${error}`,
      action: `Mend what it is about, then custody consumers resume ${name}; or pass over the event: custody consumers skip.`,
    }))
    return { summary: `${consumers.length} consumers`, findings }
  },
}
