import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { createSecretBox } from './secret-box.ts'
import { resolveHost } from './send-request.ts'
import { parseWebhookAllow } from './webhook-allow.ts'
import { createDeliver, type Deliver } from './webhook-delivery.ts'
import { createWebhookRunner, type WebhookRunner } from './webhook-runner.ts'
import { createWebhookSecrets } from './webhook-secrets.ts'
import type { WebhookOptions, Webhooks } from './webhook-types.ts'
import { createWebhooks } from './webhooks-service.ts'

/**
 * The webhooks of a deployment: what can be asked of them, and what delivers.
 *
 * @throws CustodyError `invalid_configuration` for an entry of `allow` that cannot be read
 */
export function openWebhooks(
  environment: Pick<ServiceEnvironment, 'log' | 'clock' | 'ids' | 'logger'>,
  appender: Appender,
  options: WebhookOptions,
): {
  readonly useCases: Webhooks
  readonly runner: WebhookRunner
  readonly deliver: Deliver
} {
  const allow = parseWebhookAllow(options.allow)
  const box = createSecretBox(options.sealingKey, environment.ids.random)
  const secrets = createWebhookSecrets(environment, box)
  const deliver = createDeliver(environment, {
    appender,
    secrets,
    allow,
    options,
    resolve: options.resolve ?? resolveHost,
  })
  const runner = createWebhookRunner(environment, appender, deliver)
  const useCases = createWebhooks(environment, appender, {
    secrets,
    box,
    allow,
    wake: (project) => void runner.refresh(project),
  })
  return { useCases, runner, deliver }
}
