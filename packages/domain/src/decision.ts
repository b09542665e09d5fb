import { CustodyError, type ErrorDetails, type ErrorKey } from './errors/index.ts'
import type { DomainEvent } from './events/event-map.ts'

/** What a command leads to: events, or a refusal that is the caller's answer. */
export type Decision = Accepted | Refused

/** What happens, in order; no events: nothing is left to be done. */
export type Accepted = {
  readonly events: readonly DomainEvent[]
  /** Private groups of earlier events that these events erase. */
  readonly erase?: readonly Erasure[]
}

/** What the caller is answered. */
export type Refused = { readonly refusal: CustodyError }

/** A private group of the event at a position, which is to go. */
export type Erasure = { readonly position: number; readonly group: string }

/** A command that is accepted leads to these events. */
export function events(...list: readonly DomainEvent[]): Accepted {
  return { events: list }
}

/** A command is refused. `message`: what was wrong, the value (quoted, cut) and what is allowed. */
export function refuse(key: ErrorKey, message: string, details?: ErrorDetails): Refused {
  return { refusal: new CustodyError(key, message, details) }
}
