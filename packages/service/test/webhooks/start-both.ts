import type { Test } from 'tap'
import type { DeliveryView, WebhookOptions } from '../../src/webhooks/webhook-types.ts'
import { type Receiver, startReceiver } from './start-receiver.ts'
import { by, startWebhooks, type TestWebhooks } from './start-webhooks.ts'

export type Both = TestWebhooks & {
  readonly receiver: Receiver
  readonly id: string
  readonly secret: string
}

/** A webhook of `north` for a receiver of its own. */
export async function startBoth(
  t: Test,
  given: Partial<WebhookOptions> = {},
  events: readonly string[] = ['*'],
): Promise<Both> {
  const receiver = await startReceiver(t)
  const webhooks = await startWebhooks(t, given)
  const { id, secret } = await webhooks.useCases.create(
    webhooks.north,
    { url: receiver.url, events },
    by,
  )
  return { ...webhooks, receiver, id, secret }
}

/** The newest event first. */
export async function deliveriesOf(
  { useCases, north }: Pick<TestWebhooks, 'useCases' | 'north'>,
  id: string,
): Promise<readonly DeliveryView[]> {
  return (await useCases.deliveries(north, id, { limit: 100 })).items
}
