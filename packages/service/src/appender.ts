import { CustodyError } from '@custody/domain'
import type { AppendedEvent, AppendResult, EventLog } from '@custody/event-log'
import { AlreadyDone } from './idempotency/already-done.ts'
import type { AppendOnce } from './idempotency/idempotency.ts'
import type { Ids } from './ids.ts'
import type { StoredCommand } from './log/stored-command.ts'

/** Who asks, as the events of the command will say. */
export type Asking = {
  readonly project: string
  readonly actor: string
  /** Our own request id. */
  readonly requestId: string
  /** The request came with an Idempotency-Key. */
  readonly once?: AppendOnce | undefined
}

export type AppendListener = (events: readonly AppendedEvent[], project: string) => void

/** Hands commands to the log, and tells those who wait for news of it. */
export interface Appender {
  /** @throws AlreadyDone where it was to be done once, and had been */
  append(
    command: StoredCommand,
    asking: Asking,
    attachments?: readonly Uint8Array[],
  ): Promise<AppendResult>
  /** Calls `listener` with the events that a command led to in a project, once they are committed. */
  onAppended(listener: AppendListener): void
  /** Calls `listener` when nobody can tell whether a command was done: what was read before may be out of date. */
  onUnknown(listener: () => void): void
}

export function createAppender(log: EventLog, ids: Ids): Appender {
  const listeners: AppendListener[] = []
  const doubters: (() => void)[] = []
  return {
    async append(command, asking, attachments = []) {
      let result: AppendResult
      try {
        result = await log.append(
          {
            command,
            project: asking.project,
            actor: asking.actor,
            request: asking.requestId,
            eventId: ids.uuid(),
            ...(asking.once && { idempotency: asking.once }),
          },
          attachments,
        )
      } catch (error) {
        const refused = error instanceof CustodyError && error.key !== 'internal_error'
        if (!refused) for (const doubter of doubters) doubter()
        throw error
      }
      if (result.replayed) throw new AlreadyDone(result.events)
      if (result.events.length > 0) {
        for (const listener of listeners) listener(result.events, asking.project)
      }
      return result
    },
    onAppended: (listener) => void listeners.push(listener),
    onUnknown: (doubter) => void doubters.push(doubter),
  }
}
