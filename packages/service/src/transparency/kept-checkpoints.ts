import { type LogReader, lastCheckpoint } from '@custody/event-log'
import {
  frontierRoot,
  MalformedError,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseOrigin,
  parseVerifierKey,
  type ReadTile,
  readFrontier,
  UnverifiedError,
} from '@custody/transparency'
import type { LogIdentity } from './log-identity.ts'
import type { SigningStore } from './signing-store.ts'

/** A checkpoint that the log has signed, as it was found where the log keeps them. */
export type KeptCheckpoint = {
  readonly origin: string
  readonly logId: string
  readonly epoch: number
  readonly size: number
  readonly root: Buffer
  /** The signed note. */
  readonly note: string
  /** For messages: where it was found. */
  readonly place: string
}

/** What was signed last, by the database and by the file beside it; and what is no checkpoint there. */
export async function readKept(
  reader: LogReader,
  store: SigningStore,
): Promise<{ readonly kept: KeptCheckpoint[]; readonly problem?: string }> {
  const row = await lastCheckpoint(reader.sql)
  const file = store.readCheckpoint()
  const kept: KeptCheckpoint[] = []
  try {
    if (row) kept.push(parseKept(row.note, 'the database'))
    if (file !== undefined) kept.push(parseKept(file, store.checkpointPath))
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    const place = row && kept.length === 0 ? 'the database' : store.checkpointPath
    return { kept, problem: `What ${place} keeps is no checkpoint: ${error.message}.` }
  }
  return { kept }
}

function parseKept(note: string, place: string): KeptCheckpoint {
  const checkpoint = parseCheckpoint(parseNote(note).text)
  return { ...checkpoint, ...parseOrigin(checkpoint.origin), note, place }
}

/**
 * Whether the log extends what it has signed. Checkpoints of earlier epochs do not bind it: the event that began the
 * present one tells of them.
 *
 * @returns a sentence that says why not, with sizes and roots
 */
export async function findRollback(
  { logId, epoch, vkeys: [vkey] }: LogIdentity,
  kept: KeptCheckpoint,
  log: { readonly size: number; readonly readTile: ReadTile },
): Promise<string | undefined> {
  const { size, root, place } = kept
  const was = `${size} events, root ${show(root)}`
  const signed = `a checkpoint of ${was} (epoch ${kept.epoch}) was signed, says ${place}`
  if (kept.logId !== logId) {
    return `The database is that of log ${logId}, but log ${kept.logId} was served here: ${signed}.`
  }
  if (kept.epoch < epoch) return undefined
  if (kept.epoch > epoch || vkey === undefined) {
    return `The log is back in epoch ${epoch}, with ${log.size} events, but ${signed}.`
  }
  try {
    openCheckpoint(kept.note, [parseVerifierKey(vkey)])
  } catch (error) {
    if (!(error instanceof UnverifiedError || error instanceof MalformedError))
      throw error
    return `What ${place} keeps was not signed by the log: ${error.message}.`
  }
  if (size > log.size) {
    return `The log has only ${log.size} events, but ${signed}.`
  }
  const found = await rootAt(size, log.readTile)
  if (found?.equals(root)) return undefined
  const is = found ? `root ${show(found)}` : 'no root, for lack of tiles,'
  return `The log has ${is} at ${size} events, but ${signed}.`
}

async function rootAt(size: number, readTile: ReadTile): Promise<Buffer | undefined> {
  try {
    return frontierRoot(await readFrontier(size, readTile))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const show = (root: Buffer) => root.toString('base64')
