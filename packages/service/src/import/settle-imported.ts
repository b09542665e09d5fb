import { lastSeq, recordOfSeq } from '@custody/event-log'
import { listAllWebhooks } from '@custody/file-index'
import { createAppender } from '../appender.ts'
import { collectGarbage } from '../background/garbage-collector.ts'
import { webhookConsumer } from '../log/decide-webhook.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/**
 * What an imported log needs once, before it is served: webhooks begin at its end, since nobody is to be told again what
 * another deployment has told; and content that had ended, which is not exported, is destroyed.
 */
export async function settleImported(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs' | 'ids' | 'logger'>,
): Promise<void> {
  const { log, ids } = environment
  const { sql } = log.reader
  for (const { id, project } of await listAllWebhooks(sql)) {
    // The last event of its own project: a consumer of a webhook stands at no other.
    const last = await recordOfSeq(sql, project, await lastSeq(sql, project))
    if (last) await log.consumers.create(webhookConsumer(id), last.position)
  }
  const never = new AbortController().signal
  const alone = () => ({ release() {} })
  await collectGarbage(environment, createAppender(log, ids), never, alone)
}
