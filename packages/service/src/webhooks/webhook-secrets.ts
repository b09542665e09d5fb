import { findWebhookSecrets } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { SecretBox } from './secret-box.ts'

/** Bytes of a secret; Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32

export type NewSecret = {
  readonly id: string
  readonly secret: Uint8Array
  readonly sealed: Uint8Array
}

/** The secrets that sign what webhooks send: made, sealed, and opened to sign. */
export interface WebhookSecrets {
  make(webhook: string): NewSecret
  /** Those that sign now, the newest first. @throws TypeError when one cannot be opened */
  current(webhook: string): Promise<Uint8Array[]>
}

export function createWebhookSecrets(
  { log, clock, ids }: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids'>,
  box: SecretBox,
): WebhookSecrets {
  const context = (webhook: string, id: string) => `webhook_secrets/${webhook}/${id}`
  return {
    make(webhook) {
      const id = ids.prefixed('whsk_')
      const secret = Uint8Array.from(ids.random(SECRET_BYTES))
      return { id, secret, sealed: box.seal(secret, context(webhook, id)) }
    },
    async current(webhook) {
      const now = Math.floor(clock() / 1000)
      const rows = await findWebhookSecrets(log.reader.sql, webhook)
      return rows
        .filter(({ expires_at: end }) => end === null || end > now)
        .map((row) => box.open(row.sealed, row.sealing_key, context(webhook, row.id)))
    },
  }
}
