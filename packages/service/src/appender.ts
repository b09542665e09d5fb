import type { AppendResult, EventLog } from '@custody/event-log'
import type { Ids } from './ids.ts'
import type { StoredCommand } from './log/stored-command.ts'

/** Who asks, as the events of the command will say. */
export type Asking = {
  readonly project: string
  readonly actor: string
  /** Our own request id. */
  readonly requestId: string
}

/** Hands commands to the log, and tells those who wait for news of it. */
export interface Appender {
  append(
    command: StoredCommand,
    asking: Asking,
    attachments?: readonly Uint8Array[],
  ): Promise<AppendResult>
  /** Calls `listener` with the types of the events that a command led to, once they are committed. */
  onAppended(listener: (types: readonly string[]) => void): void
}

export function createAppender(log: EventLog, ids: Ids): Appender {
  const listeners: ((types: readonly string[]) => void)[] = []
  return {
    async append(command, asking, attachments = []) {
      const result = await log.append(
        {
          command,
          project: asking.project,
          actor: asking.actor,
          request: asking.requestId,
          eventId: ids.uuid(),
        },
        attachments,
      )
      if (result.events.length > 0) {
        const types = result.events.map((event) => event.type)
        for (const listener of listeners) listener(types)
      }
      return result
    },
    onAppended: (listener) => void listeners.push(listener),
  }
}
