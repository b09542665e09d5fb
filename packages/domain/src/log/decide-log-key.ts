import { type Decision, events } from '../decision.ts'
import type { DomainEvent, RestoreReason } from '../events/event-map.ts'

/** From here on the log is signed with this key. The first key of a log, or the first of a new epoch. */
export type BeginLogEpoch = {
  readonly type: 'BeginLogEpoch'
  /** From 1; more than every epoch before. */
  readonly epoch: number
  readonly algorithm: 'ed25519'
  /** C2SP vkey; its name is the origin of the epoch's checkpoints. */
  readonly vkey: string
  /** Keys that sign no more. */
  readonly retired: readonly string[]
  /** Why an epoch ends before its log does; null: this is the log's first. */
  readonly restored: {
    readonly reason: RestoreReason
    /** The last checkpoint that is known of the log as it was. */
    readonly old: OldLog | null
  } | null
}

/** A log as a checkpoint tells of it. */
export type OldLog = {
  readonly origin: string
  /** Events in it. */
  readonly size: number
  /** Base64 of its Merkle root. */
  readonly root: string
}

/** Never refuses. The key that signs from here on comes last. */
export function decideBeginLogEpoch(command: BeginLogEpoch): Decision {
  const { epoch, algorithm, vkey, retired, restored } = command
  const place = { stream: 'log', after: 'latest' } as const
  const found: DomainEvent[] = []
  if (restored)
    found.push({ type: 'LogRestored', ...place, data: { epoch, ...restored } })
  for (const former of retired) {
    found.push({ type: 'LogKeyRetired', ...place, data: { vkey: former } })
  }
  found.push({ type: 'LogKeyAdded', ...place, data: { algorithm, vkey, epoch } })
  return events(...found)
}
