import {
  MalformedError,
  openCheckpoint,
  UnverifiedError,
  type VerifierKey,
} from '@custody/transparency'
import { checkpointChain } from '../../append/checkpoint-chain.ts'
import type { ChainedCheckpointRow } from '../../append/log-tables.ts'
import { type Findings, show } from '../finding.ts'
import type { LogKeys, RawLog } from '../raw-log.ts'
import { checkpointEpochs, checkpointsAfter } from '../raw-rows.ts'
import { readLogKeys } from './log-keys.ts'

const PAGE = 1000

/** The checkpoints that the log says it has signed, beside the tree as it grows. */
export interface CheckpointCheck {
  /** Looks at those of at most `to` events. @returns sizes at which the root is wanted, all beyond the last call's */
  upTo(to: number): Promise<readonly number[]>
  /** The root of the log as it is, at a size that was wanted. */
  root(size: number, root: Buffer): void
  /** After all of them: what is left, and the order of the rows. */
  finish(): Promise<void>
}

type Row = ChainedCheckpointRow & { readonly end: number | null }

/** The rows of one epoch, in the order of their sizes. */
type Epoch = {
  readonly epoch: number
  readonly keys: readonly VerifierKey[]
  page: readonly Row[]
  next: number
  /** Size of the last row that was taken from a page. */
  at: number
  isRead: boolean
}

/**
 * Verifies every row of `checkpoints`: the signature by the key that the log itself names for its epoch, size and
 * root as the note has them, that the log still has this root there, and the chain from row to row. Somebody who
 * wrote events anew, with every hash that follows, cannot sign; so the last checkpoint that is right and the
 * first that is not tell between which events it was.
 *
 * @param size events that are verified: later checkpoints, which a writer beside may have signed, are passed over
 */
export function checkCheckpoints(
  log: RawLog,
  findings: Findings,
  size: number,
  keys: LogKeys,
): CheckpointCheck {
  const { sql } = log
  /** Roots that were signed, by the sizes to which the tree has still to come. */
  const pending = new Map<number, { readonly key: string; readonly root: Buffer }>()
  let epochs: Promise<readonly Epoch[]> | undefined
  let reached = 0
  let lastGood = 0
  let isBroken = false

  const tell = (key: string, column: string, problem: string, values: object = {}) =>
    findings.add({ table: 'checkpoints', key, column, problem, ...values })

  async function readEpochs(): Promise<readonly Epoch[]> {
    const known = await readLogKeys(log, keys)
    const found: Epoch[] = []
    for (const { epoch } of await sql.all(checkpointEpochs, { limit: PAGE })) {
      if (!Number.isSafeInteger(epoch) || !known.has(epoch)) {
        tell(String(epoch), 'epoch', 'is none for which an event of the log names a key')
      }
      if (!Number.isSafeInteger(epoch)) continue
      const at = Number.MIN_SAFE_INTEGER
      found.push({
        epoch,
        keys: known.get(epoch) ?? [],
        page: [],
        next: 0,
        at,
        isRead: false,
      })
    }
    return found
  }

  async function nextRow(one: Epoch): Promise<Row | undefined> {
    if (one.next >= one.page.length && !one.isRead) {
      const { epoch, at } = one
      one.page = await sql.all(checkpointsAfter, { epoch, size: at, limit: PAGE })
      one.next = 0
      one.isRead = one.page.length < PAGE || one.page.some((row) => row.epoch !== epoch)
    }
    const row = one.page[one.next]
    return row?.epoch === one.epoch ? row : undefined
  }

  /** Everything that a row says by itself. @returns whether a root was signed at a size that the log has */
  function checkRow(row: Row, { keys: known }: Epoch): boolean {
    const key = `${row.epoch} ${row.size}`
    const { end, note } = row
    const isBeyond = !Number.isSafeInteger(row.size) || row.size > (end ?? 0)
    if (isBeyond || row.size < 1) {
      tell(key, 'size', 'is none that the log ever had')
      return false
    }
    if (known.length === 0) return false
    const signed = open(note, known)
    if ('problem' in signed) {
      tell(key, 'note', signed.problem)
      return false
    }
    if (signed.size !== row.size) {
      tell(key, 'size', 'is not that of the note', {
        expected: String(signed.size),
        found: show(row.size),
      })
      return false
    }
    if (
      !(row.root instanceof Uint8Array) ||
      Buffer.compare(signed.root, row.root) !== 0
    ) {
      tell(key, 'root', 'is not that of the note', {
        expected: show(signed.root),
        found: show(row.root),
      })
    }
    if (row.size > size) return false
    if (row.size <= reached) {
      tell(key, 'size', 'comes after a larger one')
      return false
    }
    pending.set(row.size, { key, root: signed.root })
    return true
  }

  /** Each row, and the one before it, by the order of the table. */
  async function checkChain(): Promise<void> {
    let before: Row | undefined
    let at = { epoch: Number.MIN_SAFE_INTEGER, size: 0 }
    for (;;) {
      const page = await sql.all(checkpointsAfter, { ...at, limit: PAGE })
      for (const row of page) {
        if (!isChained(row, before)) {
          const key = `${row.epoch} ${row.size}`
          const from = before ? `${before.epoch} ${before.size}` : '1 1'
          const problem =
            'breaks here: one of these rows was changed, or one between them added or removed'
          tell(from === key ? key : `${from}..${key}`, 'chain', problem)
        }
        before = row
      }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      // What no number can hold was told already.
      if (!Number.isSafeInteger(last.epoch) || !Number.isSafeInteger(last.size)) return
      at = { epoch: last.epoch, size: last.size }
    }
  }

  async function upTo(to: number): Promise<readonly number[]> {
    epochs ??= readEpochs()
    const wanted: number[] = []
    for (const one of await epochs) {
      for (let row = await nextRow(one); row; row = await nextRow(one)) {
        const isLater = Number.isSafeInteger(row.size) && row.size > to
        if (isLater && row.size <= (row.end ?? 0)) break
        one.next += 1
        if (Number.isSafeInteger(row.size)) one.at = row.size
        else one.isRead = true
        if (checkRow(row, one)) wanted.push(row.size)
      }
    }
    reached = to
    return wanted
  }

  return {
    upTo,
    root(at, root) {
      const signed = pending.get(at)
      if (!signed) return
      pending.delete(at)
      if (signed.root.equals(root)) {
        lastGood = at
        isBroken = false
        return
      }
      // Those that follow are wrong, too.
      if (isBroken) return
      isBroken = true
      tell(
        signed.key,
        'root',
        `was signed, and the log has another one: one of the events ${lastGood + 1}..${at} is not what it was`,
        { expected: show(signed.root), found: show(root) },
      )
    },
    async finish() {
      await upTo(Number.MAX_SAFE_INTEGER)
      await checkChain()
    },
  }
}

/** A note of the log's own has its signature, and no other. */
function open(note: unknown, keys: readonly VerifierKey[]) {
  try {
    const { checkpoint, note: signed } = openCheckpoint(String(note), keys)
    const others = signed.verified.length + signed.unknown.length - 1
    return others > 0
      ? { problem: 'has signatures that are not the log’s' }
      : { size: checkpoint.size, root: checkpoint.root }
  } catch (error) {
    if (error instanceof MalformedError || error instanceof UnverifiedError) {
      return { problem: error.message }
    }
    throw error
  }
}

function isChained(row: Row, before: Row | undefined): boolean {
  try {
    const chain = checkpointChain(before?.chain ?? new Uint8Array(), row)
    return Buffer.compare(chain, row.chain) === 0
  } catch {
    // A value that nobody wrote there, such as a bigint.
    return false
  }
}
