import type { WebhookState } from '@custody/domain'
import type { ConsumerState, EventLog } from '@custody/event-log'
import { webhookConsumer } from '../log/decide-webhook.ts'

/**
 * The durable consumer of a webhook that was not deleted. It begins where the webhook stands in the log, whenever it is
 * made: a process may have ended between the two.
 */
export async function consumerOf(
  log: Pick<EventLog, 'reader' | 'consumers'>,
  webhook: Pick<WebhookState, 'id' | 'position'>,
): Promise<ConsumerState> {
  const name = webhookConsumer(webhook.id)
  const known = await log.reader.consumer(name)
  if (known) return known
  await log.consumers.create(name, webhook.position)
  const made = await log.reader.consumer(name)
  if (!made) throw new TypeError(`There is no consumer '${name}'`)
  return made
}
