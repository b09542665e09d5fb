import type { CustodyErrorData } from '@custody/domain/errors'
import type { AppendRequest } from '../append/append-request.ts'
import type { CheckpointRow } from '../append/log-tables.ts'
import type { ConsumerState } from '../consumers/consumer-store.ts'
import type { SqliteDriverName } from '../engines/sqlite/connection/sqlite-connection.ts'

/** What the log thread is started with. */
export type ThreadData = {
  readonly path: string
  readonly driver: SqliteDriverName
  /** URL of the module that exports `logModule`. */
  readonly module: string
  readonly genesis: AppendRequest
  readonly clock: SharedArrayBuffer | null
  readonly seed: string | null
}

export type Task =
  | { readonly kind: 'create-consumer'; readonly name: string; readonly position: number }
  | {
      readonly kind: 'save-consumer'
      readonly state: ConsumerState
      readonly expected: number
    }
  | { readonly kind: 'forget-idempotency' }
  | { readonly kind: 'keep-checkpoint'; readonly checkpoint: CheckpointRow }
  | { readonly kind: 'purge'; readonly from: number }
  | { readonly kind: 'rebuild'; readonly projection: string }
  | { readonly kind: 'rebuilds' }

/**
 * To the thread. Commands travel as one JSON text, their attachments in one transferred buffer: a
 * structured clone of each would cost several times as much.
 */
export type ToThread =
  | {
      readonly kind: 'append'
      /** JSON: {@link PackedCommand}[] */
      readonly commands: string
      readonly attachments: ArrayBuffer
    }
  | { readonly kind: 'task'; readonly id: number; readonly task: Task }
  /** Readers use the generations that they were told last. */
  | { readonly kind: 'followed' }
  | { readonly kind: 'close' }

export type PackedCommand = {
  readonly id: number
  readonly request: AppendRequest
  /** Offset and length of each attachment. */
  readonly spans: readonly (readonly [number, number])[]
}

export type FromThread =
  | { readonly kind: 'ready'; readonly generations: Generations }
  | { readonly kind: 'failed'; readonly error: CustodyErrorData }
  /** JSON: [id, AppendOutcome][] */
  | { readonly kind: 'appended'; readonly outcomes: string }
  | { readonly kind: 'generations'; readonly generations: Generations }
  | { readonly kind: 'task'; readonly id: number; readonly result: unknown }
  | {
      readonly kind: 'task-failed'
      readonly id: number
      readonly error: CustodyErrorData
    }
  | {
      readonly kind: 'defect'
      readonly message: string
      readonly stack: string | undefined
      /** The command's type; `rebuild` where none is at fault. */
      readonly command: string
      /** Request id, or empty. */
      readonly request: string
    }
  | { readonly kind: 'closed' }

export type Generations = Readonly<Record<string, string>>
