import { CustodyError, type ErrorDetails, type ErrorKey } from './errors/index.ts'
import type { DomainEvent } from './events/event-map.ts'

/** What a command leads to: events, or a refusal that is the caller's answer. */
export type Decision = Accepted | Refused

export type Accepted = {
  readonly events: readonly DomainEvent[]
  /** Private groups of earlier events that these events erase. */
  readonly erase?: readonly Erasure[]
}

export type Refused = { readonly refusal: CustodyError }

export type Erasure = { readonly position: number; readonly group: string }

export function events(...list: readonly DomainEvent[]): Accepted {
  return { events: list }
}

export function refuse(key: ErrorKey, message: string, details?: ErrorDetails): Refused {
  return { refusal: new CustodyError(key, message, details) }
}
