import type { AppendedEvent } from '@custody/event-log'

/** An append that led to nothing new: a command with the same idempotency key led to these events before. */
export class AlreadyDone extends Error {
  readonly events: readonly AppendedEvent[]

  constructor(events: readonly AppendedEvent[]) {
    super('A command with this idempotency key was done before')
    this.events = events
  }
}
