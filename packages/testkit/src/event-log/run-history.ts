import type { EventLog } from '@custody/event-log'
import { testId, toyRequest } from './asker.ts'
import type { ToyCommand } from './toy-commands.ts'

const history: readonly ToyCommand[] = [
  { type: 'Open', account: 'a', owner: 'Ada', secret: 'ß 😀 \u2028' },
  { type: 'Open', account: 'b', owner: 'Bob' },
  { type: 'Move', account: 'a', amount: 12 },
  { type: 'Nothing' },
  { type: 'Transfer', from: 'a', to: 'b', amount: 5 },
  { type: 'Note', texts: ['"quoted"\n', '\u0000', 'plain'] },
  { type: 'Forget', account: 'a' },
  { type: 'Move', account: 'b', amount: -5 },
]

/** One history, command after command, that is the same whenever clock and seed are. */
export async function runHistory(log: EventLog): Promise<void> {
  for (const [index, command] of history.entries()) {
    await log.append(
      toyRequest(command, {
        eventId: testId(1_000_000 + index),
        request: `req_${index}`,
        project: index % 3 === 0 ? 'south' : 'north',
      }),
    )
  }
}
