import { createHash } from 'node:crypto'
import { uuidv7 } from '@custody/domain'
import type { AppendRequest, AppendResult, EventLog } from '@custody/event-log'
import type { ToyCommand } from './toy-commands.ts'

export type Asked = Partial<Omit<AppendRequest, 'command'>> & {
  readonly attachments?: readonly Uint8Array[]
}

export type Ask = (command: ToyCommand, asked?: Asked) => Promise<AppendResult>

let asked = 0

/** The request of a command, where only what a test is about is said. Event ids differ, and are the same in each run. */
export function toyRequest(
  command: ToyCommand,
  { attachments: _, ...more }: Asked = {},
): AppendRequest {
  asked += 1
  return {
    command,
    project: 'north',
    actor: 'key:k1',
    request: `req_${asked}`,
    eventId: testId(asked),
    ...more,
  }
}

/** Hands toy commands to the log. */
export function asker(log: EventLog): Ask {
  return (command, asked = {}) =>
    log.append(toyRequest(command, asked), asked.attachments)
}

/** A UUIDv7 of its own for each number. */
export function testId(number: number): string {
  const random = createHash('sha256').update(`id ${number}`).digest()
  return uuidv7(Date.UTC(2026, 0, 1) + number, random)
}
