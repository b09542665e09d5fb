import type { CustodyErrorData } from '@custody/domain/errors'
import type { LogCommand } from '../log-module.ts'
import type { Micros } from '../log-time.ts'

/** A command with all that its events will say about who asked. Plain JSON data. */
export type AppendRequest<C extends LogCommand = LogCommand> = {
  readonly command: C
  /** The project whose sequence the events continue. */
  readonly project: string
  readonly actor: string
  readonly onBehalfOf?: string
  /** Our own request id. */
  readonly request: string
  /** The event id that led to this command, where one did. */
  readonly causation?: string
  /** UUIDv7, fixed before the request is queued: after an unknown outcome it tells whether it was done. */
  readonly eventId: string
  readonly idempotency?: {
    /** Unique in its scope: project, key and route are part of it. */
    readonly key: string
    /** Canonical form of all that the request asks. */
    readonly fingerprint: string
    /** Seconds that the answer is remembered. */
    readonly keepSeconds: number
  }
}

/** Where the events of one command came to stand. Empty when the command led to nothing. */
export type AppendResult = {
  readonly events: readonly AppendedEvent[]
  /** An earlier request with the same idempotency key led to these events. */
  readonly replayed: boolean
}

/** An event in the place that it was given. */
export type AppendedEvent = {
  readonly position: number
  readonly seq: number
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly time: Micros
}

export type AppendOutcome = AppendResult | { readonly error: CustodyErrorData }
