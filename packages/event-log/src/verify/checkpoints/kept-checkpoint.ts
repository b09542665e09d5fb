import { CustodyError } from '@custody/domain/errors'
import {
  type Checkpoint,
  MalformedError,
  openCheckpoint,
  parseOrigin,
  parseVerifierKey,
  UnverifiedError,
  type VerifierKey,
} from '@custody/transparency'
import { type Finding, show } from '../finding.ts'

/** A checkpoint that somebody kept outside, with the log whose it is. */
export type KeptCheckpoint = Checkpoint & {
  readonly logId: string
  readonly epoch: number
}

/** Where a log begins a new epoch, since it does not continue what was signed of it. */
export type Restoration = {
  /** Of the event that says so: what was after the events before it is not in the log. */
  readonly position: number
  /** The epoch that begins. */
  readonly epoch: number
  /** What happened to the log, as the end of a sentence. */
  readonly how: string
}

/**
 * Reads a kept checkpoint, which must be signed by one of the keys.
 *
 * @param keys verifier keys (C2SP vkey), one on each line
 * @returns what is wrong, where it is not such a checkpoint
 * @throws CustodyError `invalid_configuration` where there is no key, or something that is none
 * @see https://c2sp.org/tlog-checkpoint
 */
export function openKeptCheckpoint(
  note: Uint8Array,
  keys: string,
): KeptCheckpoint | { readonly problem: string } {
  const known = parseKeys(keys)
  try {
    const { checkpoint } = openCheckpoint(note, known)
    return { ...checkpoint, ...parseOrigin(checkpoint.origin) }
  } catch (error) {
    if (error instanceof MalformedError || error instanceof UnverifiedError) {
      return { problem: error.message }
    }
    throw error
  }
}

/** Verifier keys, one on each line. @throws CustodyError `invalid_configuration` where there is none */
export function parseKeys(text: string): VerifierKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  try {
    if (lines.length > 0) return lines.map((line) => parseVerifierKey(line.trim()))
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    throw new CustodyError('invalid_configuration', `The verifier key: ${error.message}.`)
  }
  throw new CustodyError(
    'invalid_configuration',
    'A log is verified by its key, and there is none.',
  )
}

/**
 * Whether a log of this size, with these roots at the checkpoints' sizes, extends the checkpoints. Of events that are
 * not what they were the finding names those between the last checkpoint that is right and the first that is not.
 */
export function checkKept(
  kept: readonly KeptCheckpoint[],
  log: {
    readonly logId: string
    readonly events: number
    readonly roots: ReadonlyMap<number, Buffer>
    /** In the order of their positions. */
    readonly restorations?: readonly Restoration[]
  },
): Finding[] {
  const findings: Finding[] = []
  let last = 0
  for (const one of kept.toSorted((a, b) => a.size - b.size)) {
    const finding = checkOne(one, log, last)
    if (finding) findings.push(finding)
    else last = one.size
  }
  return findings
}

function checkOne(
  kept: KeptCheckpoint,
  log: Parameters<typeof checkKept>[1],
  last: number,
): Finding | undefined {
  const finding = (problem: string, expected: string, found: string): Finding => ({
    table: 'checkpoint',
    key: String(kept.size),
    problem,
    expected,
    found,
  })
  if (kept.logId !== log.logId) {
    return finding('is of another log', show(kept.logId), show(log.logId))
  }
  const root = log.roots.get(kept.size)
  if (root?.equals(kept.root)) return undefined
  const restoration = log.restorations?.find(({ epoch }) => epoch > kept.epoch)
  if (restoration && kept.size >= restoration.position) {
    const { position, epoch, how } = restoration
    const problem = `the log ${how} as it was at ${position - 1} events: events ${position}..${kept.size} of epoch ${kept.epoch} are lost, and epoch ${epoch} begins in their place`
    return finding(problem, `${kept.size} events`, `${position - 1} events`)
  }
  if (kept.size > log.events) {
    const problem = 'the log is shorter than it was: its last events were removed'
    return finding(problem, `${kept.size} events`, `${log.events} events`)
  }
  return finding(
    `one of the events ${last + 1}..${kept.size} is not what it was`,
    `root ${kept.root.toString('base64')}`,
    `root ${root?.toString('base64') ?? 'none'}`,
  )
}
