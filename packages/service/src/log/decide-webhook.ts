import {
  type Decision,
  decideCreateWebhook,
  decideDeleteWebhook,
  decideDisableWebhook,
  decideRotateWebhookSecret,
  decideUpdateWebhook,
  events,
  type ProjectState,
  toSeconds,
  type UpdateWebhook,
} from '@custody/domain'
import {
  type DecideContext,
  markConsumer,
  removeConsumer,
  type Sql,
  saveConsumer,
} from '@custody/event-log'
import {
  expireWebhookSecrets,
  findWebhookSecrets,
  putWebhookDelivery,
  putWebhookSecret,
  removeWebhookDeliveries,
  removeWebhookSecret,
  removeWebhookSecrets,
  trimWebhookDeliveries,
  type WebhooksBatch,
} from '@custody/file-index'
import type { RecordDelivery, StoredWebhookCommand } from './stored-command.ts'

/** Secrets that sign at once: the current one, and those that it took the place of. */
const MAX_SECRETS = 4

/**
 * Decides about webhooks, and writes what belongs to the decision beside the log: secrets, deliveries, checkpoints.
 * At once, as what leads to no event is not flushed; it is in the transaction of its batch all the same.
 */
export async function decideWebhook(
  sql: Sql,
  webhooks: WebhooksBatch,
  project: ProjectState | null,
  command: StoredWebhookCommand,
  context: DecideContext,
): Promise<Decision> {
  const asked = { project: context.project }
  switch (command.type) {
    case 'CreateWebhook': {
      const count = await webhooks.countOfProject(asked.project)
      const decision = decideCreateWebhook(project, count, { ...command, ...asked })
      if ('events' in decision) await keepSecret(command)
      return decision
    }
    case 'UpdateWebhook':
      return await update(command)
    case 'RotateWebhookSecret': {
      const decision = decideRotateWebhookSecret(await webhooks.webhook(command.id), {
        ...command,
        ...asked,
      })
      if ('events' in decision) {
        await retireSecrets(command.id, command.formerUntil)
        await keepSecret(command)
      }
      return decision
    }
    case 'DeleteWebhook': {
      const { id } = command
      const decision = decideDeleteWebhook(await webhooks.webhook(id), {
        ...command,
        ...asked,
      })
      if ('events' in decision) {
        await removeWebhookSecrets(sql, id)
        await removeWebhookDeliveries(sql, id)
        await removeConsumer(sql, webhookConsumer(id))
      }
      return decision
    }
    case 'RecordDelivery':
      return await record(command)
  }

  async function update(change: UpdateWebhook): Promise<Decision> {
    const state = await webhooks.webhook(change.id)
    const decision = decideUpdateWebhook(state, { ...change, ...asked })
    if (!state || !('events' in decision) || decision.events.length === 0) return decision
    const isEnabled = change.enabled ?? state.disabledAt === null
    // Where it is delivered to anew, what follows is tried at once.
    if (change.enabled !== undefined || (isEnabled && change.url !== undefined)) {
      await markConsumer(
        sql,
        webhookConsumer(state.id),
        isEnabled ? 'running' : 'stopped',
      )
    }
    return decision
  }

  async function keepSecret(made: {
    readonly id: string
    readonly secret: string
    readonly sealingKey: string
  }): Promise<void> {
    const sealed = context.attachments[0]
    if (!sealed) throw new TypeError(`Secret ${made.secret} came without its bytes`)
    await putWebhookSecret(sql, {
      id: made.secret,
      webhook: made.id,
      sealing_key: made.sealingKey,
      sealed,
      expires_at: null,
    })
  }

  async function retireSecrets(webhook: string, until: number): Promise<void> {
    await expireWebhookSecrets(sql, webhook, until)
    const now = toSeconds(context.now)
    for (const [index, secret] of (await findWebhookSecrets(sql, webhook)).entries()) {
      const hasPassed = secret.expires_at !== null && secret.expires_at <= now
      if (hasPassed || index >= MAX_SECRETS - 1) await removeWebhookSecret(sql, secret.id)
    }
  }

  async function record({
    webhook,
    version,
    delivery,
    consumer,
    expected,
    trim,
    disable,
  }: RecordDelivery): Promise<Decision> {
    const state = await webhooks.webhook(webhook)
    if (!state || state.deletedAt !== null) return events()
    await putWebhookDelivery(sql, delivery)
    if (trim) await trimWebhookDeliveries(sql, webhook, context.now / 1000)
    // A failure says nothing about a webhook that was changed meanwhile: that one is tried at once.
    if (delivery.status === 'delivered' || state.version === version) {
      await saveConsumer(sql, consumer, expected)
    }
    if (disable === null) return events()
    const decision = decideDisableWebhook(state, { version, reason: disable })
    if ('events' in decision && decision.events.length > 0) {
      await markConsumer(sql, consumer.name, 'stopped')
    }
    return decision
  }
}

/** Name of the durable consumer that delivers to a webhook. */
export function webhookConsumer(id: string): string {
  return `webhook:${id}`
}

export function isWebhookConsumer(name: string): boolean {
  return name.startsWith(webhookConsumer(''))
}
