import { CustodyError, quote, SYSTEM_PROJECT } from '@custody/domain'
import type { ConsumerState } from '@custody/event-log'
import type { AdminContext, ConsumerView } from '../admin-types.ts'
import type { Appender } from '../appender.ts'
import { isWebhookConsumer } from '../log/decide-webhook.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** What an operator can do about durable consumers. */
export interface ConsumerControl {
  list(): Promise<readonly ConsumerView[]>
  resume(name: string, context: AdminContext): Promise<ConsumerView>
  skip(name: string, position: string, context: AdminContext): Promise<ConsumerView>
}

/** `wake`: called when a consumer may go on. */
export function createConsumerControl(
  { log }: Pick<ServiceEnvironment, 'log'>,
  appender: Appender,
  nextPosition: (consumer: ConsumerState) => Promise<number | undefined>,
  wake: () => void,
): ConsumerControl {
  async function requireStopped(name: string): Promise<ConsumerState> {
    const found = await log.reader.consumer(name)
    if (!found) {
      throw new CustodyError('consumer_not_found', `No such consumer: ${quote(name)}`, {
        param: 'name',
      })
    }
    if (isWebhookConsumer(name)) {
      throw new CustodyError(
        'invalid_value',
        `Consumer ${quote(name)} belongs to a webhook, which its project enables again or deletes.`,
        { param: 'name' },
      )
    }
    if (found.status !== 'stopped') {
      throw new CustodyError(
        'consumer_not_stopped',
        `Consumer ${quote(name)} is running.`,
      )
    }
    return found
  }

  async function view(state: ConsumerState): Promise<ConsumerView> {
    const stopped = state.status === 'stopped'
    const at = stopped ? await nextPosition(state) : undefined
    return {
      name: state.name,
      state: state.status,
      position: String(state.position),
      stoppedAt: at === undefined ? null : String(at),
      error: stopped ? state.error : null,
    }
  }

  async function goOn(state: ConsumerState, position: number): Promise<ConsumerView> {
    const next: ConsumerState = {
      name: state.name,
      position,
      status: 'running',
      attempts: 0,
      next_attempt_at: '',
      error: '',
    }
    if (!(await log.consumers.save(next, state.position))) {
      throw new CustodyError(
        'consumer_not_stopped',
        `Consumer ${quote(state.name)} was let go on by somebody else.`,
      )
    }
    wake()
    return await view(next)
  }

  return {
    async list() {
      const views: ConsumerView[] = []
      for (const state of await log.reader.consumers()) views.push(await view(state))
      return views
    },
    async resume(name) {
      const state = await requireStopped(name)
      return await goOn(state, state.position)
    },
    async skip(name, position, { actor, requestId }) {
      const state = await requireStopped(name)
      const at = await nextPosition(state)
      if (at === undefined || String(at) !== position) {
        throw new CustodyError(
          'invalid_value',
          `Consumer ${quote(name)} stopped at position ${at}, not at ${quote(position)}.`,
          { param: 'position' },
        )
      }
      await appender.append(
        { type: 'SkipConsumer', consumer: name, position: at },
        { project: SYSTEM_PROJECT, actor, requestId },
      )
      return await goOn(state, at)
    },
  }
}
