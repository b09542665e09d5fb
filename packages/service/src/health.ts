import type { ClockTrust } from './background/clock-trust.ts'
import { diskFull, hasSpace } from './files/intake/disk-space.ts'
import { isWebhookConsumer } from './log/decide-webhook.ts'
import type { Service } from './service.ts'
import type { ServiceEnvironment } from './service-environment.ts'

/** What is said of the service to those who send requests, and to those who look after it. */
export function createHealth(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs'>,
  clocks: Pick<ClockTrust, 'problem'>,
): Pick<Service, 'health' | 'warnings'> {
  /** Undefined: the disk cannot be asked. */
  function hasRoom(): boolean | undefined {
    try {
      return hasSpace(environment)
    } catch {
      return undefined
    }
  }

  return {
    health() {
      const distrust = clocks.problem()
      const reasons = distrust === undefined ? [] : [`Nothing expires: ${distrust}.`]
      if (hasRoom() === undefined) reasons.push('The folder of content is gone.')
      return { ready: reasons.length === 0, reasons }
    },
    async warnings() {
      const stopped = (await environment.log.reader.consumers()).filter(
        ({ name, status }) => status === 'stopped' && !isWebhookConsumer(name),
      )
      return [
        ...(hasRoom() === false ? [diskFull] : []),
        ...(stopped.length === 0
          ? []
          : [`Consumers that have stopped: ${stopped.length} (custody consumers list).`]),
      ]
    },
  }
}
