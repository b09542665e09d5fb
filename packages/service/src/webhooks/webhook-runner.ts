import { listEnabledWebhooks } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import { type Repeating, repeat } from '../background/repeat.ts'
import { webhookConsumer } from '../log/decide-webhook.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { Deliver } from './webhook-delivery.ts'

/** Attempts under way at once; one webhook has one at the most. */
const MAX_AT_ONCE = 256

const MINUTE = 60_000

/** Delivers to all webhooks, each at its own pace. */
export interface WebhookRunner {
  /** @throws TypeError when a checkpoint is ahead of the log */
  start(): Promise<void>
  /** Looks again at whom of a project is to be told what: a webhook was moved. */
  refresh(project: string): Promise<void>
  /** Resolves when no attempt is under way any more. */
  stop(): Promise<void>
}

type Lane = {
  readonly project: string
  readonly work: Repeating
  timer?: NodeJS.Timeout
}

export function createWebhookRunner(
  { log, clock, logger }: Pick<ServiceEnvironment, 'log' | 'clock' | 'logger'>,
  appender: Pick<Appender, 'onAppended' | 'onUnknown'>,
  deliver: Deliver,
): WebhookRunner {
  const lanes = new Map<string, Lane>()
  /** By project: every upload asks for them. */
  const idsOf = new Map<string, Set<string>>()
  const turns = createTurns(MAX_AT_ONCE)
  let isRunning = false

  appender.onAppended((events, project) => {
    if (!isRunning) return
    if (events.some(({ type }) => /^(Webhook|Project)/.test(type))) void refresh(project)
    else wake(project)
  })
  appender.onUnknown(() => {
    if (isRunning) for (const lane of lanes.values()) lane.work.wake()
  })

  function wake(project: string): void {
    for (const id of idsOf.get(project) ?? []) lanes.get(id)?.work.wake()
  }

  function open(id: string, project: string): Lane {
    const lane: Lane = {
      project,
      work: repeat({
        everyMs: MINUTE,
        async work(signal) {
          clearTimeout(lane.timer)
          const next = await turns(() => deliver(id, signal))
          const waits = next === undefined ? MINUTE : next - clock()
          if (waits < MINUTE && !signal.aborted) {
            lane.timer = setTimeout(() => lane.work.wake(), Math.max(waits, 10)).unref()
          }
        },
        onError: (error) =>
          logger.error(
            { err: error, webhook: id },
            'a webhook could not be delivered to',
          ),
      }),
    }
    const others = idsOf.get(project)
    if (others) others.add(id)
    else idsOf.set(project, new Set([id]))
    lane.work.wake()
    return lane
  }

  async function close(id: string, lane: Lane): Promise<void> {
    lanes.delete(id)
    const others = idsOf.get(lane.project)
    others?.delete(id)
    if (others?.size === 0) idsOf.delete(lane.project)
    clearTimeout(lane.timer)
    await lane.work.stop()
  }

  async function look(): Promise<void> {
    const enabled = await listEnabledWebhooks(log.reader.sql)
    if (!isRunning) return
    const ids = new Set(enabled.map(({ id }) => id))
    for (const [id, lane] of lanes) if (!ids.has(id)) void close(id, lane)
    for (const { id, project } of enabled) {
      if (!lanes.has(id)) lanes.set(id, open(id, project))
    }
  }

  async function refresh(project: string): Promise<void> {
    if (!isRunning) return
    await look().catch((error: unknown) =>
      logger.error({ err: error }, 'webhooks could not be looked up'),
    )
    wake(project)
  }

  return {
    async start() {
      const { position } = await log.reader.head()
      for (const { id } of await listEnabledWebhooks(log.reader.sql)) {
        const name = webhookConsumer(id)
        const state = await log.reader.consumer(name)
        if (state && state.position > position) {
          throw new TypeError(
            `Consumer '${name}' stands at position ${state.position}, and the log ends at ${position}`,
          )
        }
      }
      isRunning = true
      await look()
    },
    refresh,
    async stop() {
      isRunning = false
      await Promise.all([...lanes].map(([id, lane]) => close(id, lane)))
    },
  }
}

/** Lets so many at once do something; others wait for their turn. */
function createTurns(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
