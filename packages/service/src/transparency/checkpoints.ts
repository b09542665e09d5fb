import { CustodyError } from '@custody/domain'
import { type EventLog, type LogHead, lastCheckpoint } from '@custody/event-log'
import {
  consistencyProof,
  formatCheckpoint,
  frontierRoot,
  type ReadTile,
  signNote,
  verifyConsistency,
} from '@custody/transparency'
import type { LogSigner } from './open-log-signer.ts'
import type { SigningStore } from './signing-store.ts'

/** Under load, a new checkpoint is made once in so many milliseconds: each takes two fsyncs. */
const INTERVAL_MS = 1000

export type SignedCheckpoint = {
  /** Events in the log. */
  readonly size: number
  /** 32 bytes. */
  readonly root: Buffer
  /** The signed note. */
  readonly note: string
}

/** Signs what the log is, and never two statements that contradict each other. */
export interface Checkpoints {
  /**
   * The checkpoint of the log as it is; under load, one of the last second that has at least so many events.
   *
   * @param atLeast not more than the log has
   * @throws CustodyError `log_damaged` where the log no longer extends what it has signed
   */
  current(atLeast?: number): Promise<SignedCheckpoint>
  /** A checkpoint of at least so many events, however old: enough for a proof, and mostly at hand. @throws as `current` */
  covering(events: number): Promise<SignedCheckpoint>
}

export function createCheckpoints(options: {
  readonly log: EventLog
  readonly signing: LogSigner
  readonly readTile: ReadTile
  readonly store: Pick<SigningStore, 'writeCheckpoint'>
  /** Milliseconds that never jump. */
  readonly monotonic: () => number
}): Checkpoints {
  const { log, readTile, store, monotonic } = options
  const { signer, epoch } = options.signing
  /** In the database; in the file, too, when it may be given away. */
  let signed: SignedCheckpoint | undefined = options.signing.last
  let last = signed
  let madeAt = Number.NEGATIVE_INFINITY
  let making: Promise<SignedCheckpoint> | undefined

  async function make({ position: size, frontier }: LogHead): Promise<SignedCheckpoint> {
    if (signed?.size !== size) signed = await sign(size, frontierRoot(frontier))
    await store.writeCheckpoint(signed.note)
    last = signed
    madeAt = monotonic()
    return last
  }

  async function sign(size: number, root: Buffer): Promise<SignedCheckpoint> {
    if (signed && !(await extendsLast(signed, size, root))) {
      throw new CustodyError(
        'log_damaged',
        `The log of ${size} events does not extend the checkpoint of ${signed.size} events that was signed.`,
      )
    }
    const text = formatCheckpoint({ origin: signer.verifier.name, size, root })
    const note = signNote(text, [signer])
    try {
      await log.keepCheckpoint({ epoch, size, root, note })
    } catch (error) {
      // Where the outcome of the COMMIT was not known, it may be there after all.
      const kept = await lastCheckpoint(log.reader.sql)
      if (kept?.note !== note) throw error
    }
    return { size, root, note }
  }

  async function extendsLast(
    former: SignedCheckpoint,
    size: number,
    root: Buffer,
  ): Promise<boolean> {
    if (former.size > size) return false
    const proof = await consistencyProof(former.size, size, readTile)
    return verifyConsistency(former.size, former.root, size, root, proof)
  }

  async function current(atLeast = 0): Promise<SignedCheckpoint> {
    for (;;) {
      const fresh = monotonic() - madeAt < INTERVAL_MS
      if (last && fresh && atLeast <= last.size) return last
      // Who waits for one that is under way may need a later one.
      if (making) await making
      else {
        const head = await log.reader.head()
        if (making) continue
        if (last?.size === head.position) return last
        making = make(head).finally(() => {
          making = undefined
        })
        return await making
      }
    }
  }

  return {
    current,
    covering: async (events) =>
      last && events <= last.size ? last : await current(events),
  }
}
