import { CustodyError, quote } from '@custody/domain'
import {
  createTileReader,
  type EventLog,
  firstRecord,
  privateGroup,
  type RawRecord,
  readEntries,
  readTile,
  recordAt,
  recordOfSeq,
} from '@custody/event-log'
import {
  consistencyProof,
  encodeEntryBundle,
  formatConsistencyProof,
  formatReceipt,
  formatVerifierKey,
  MalformedError,
  parseTilePath,
  type ReadTile,
  type TilePath,
  tileWidth,
  tileWidthAt,
} from '@custody/transparency'
import type { Ids } from '../ids.ts'
import { type Checkpoints, createCheckpoints } from './checkpoints.ts'
import { type NewEpoch, openLogSigner } from './open-log-signer.ts'
import { proofUnder } from './proof-under.ts'
import type { SigningStore } from './signing-store.ts'
import type { Asker, EventChoice, Transparency } from './transparency.ts'

/**
 * Opens what the log proves of itself; before anything else is appended in this run, so that a log that was rolled back
 * stays as it was found.
 *
 * @throws CustodyError `log_rolled_back`
 */
export async function openTransparency(options: {
  readonly log: EventLog
  readonly store: SigningStore
  readonly ids: Ids
  /** Milliseconds that never jump. */
  readonly monotonic: () => number
  readonly acceptRollback: boolean
  /** See {@link openLogSigner}. */
  readonly newEpoch?: NewEpoch
}): Promise<Transparency> {
  const { log } = options
  const tiles = createTileReader(() => log.reader.sql)
  const signing = await openLogSigner({ ...options, readTile: tiles })
  const checkpoints = createCheckpoints({ ...options, signing, readTile: tiles })
  // What was signed of the former epoch binds no more once this is there.
  if (signing.restored) await checkpoints.current()
  return createTransparency(
    log,
    checkpoints,
    tiles,
    formatVerifierKey(signing.signer.verifier),
  )
}

function createTransparency(
  log: EventLog,
  checkpoints: Checkpoints,
  tiles: ReadTile,
  verifierKey: string,
): Transparency {
  async function proofOf({ position }: RawRecord): Promise<string> {
    return await proofUnder(await checkpoints.covering(position), position, tiles)
  }

  async function find(asker: Asker, choice: EventChoice): Promise<RawRecord> {
    const { sql } = log.reader
    const project = asker === 'admin' ? undefined : asker.project.id
    if ('file' in choice) {
      const found = await firstRecord(sql, choice.file)
      const isTheirs = project === undefined || found?.project === project
      if (found?.type === 'FileUploaded' && isTheirs) return found
      throw new CustodyError(
        'file_not_found',
        `No such File object: ${choice.idAsSent}`,
        {
          param: choice.param,
        },
      )
    }
    const { position } = choice
    const found =
      project === undefined
        ? await recordAt(sql, position)
        : await recordOfSeq(sql, project, position)
    if (found) return found
    throw eventNotFound(position)
  }

  return {
    verifierKey,
    checkpoint: async (atLeast) => (await checkpoints.current(atLeast)).note,

    async tile(path) {
      const tile = tileOf(path)
      const { position: size } = await log.reader.head()
      const { level, index, width } = tile
      const most = tileWidthAt(level === 'entries' ? 0 : level, index, size)
      if (width > most) throw tileNotFound(path)
      const { sql } = log.reader
      const bytes =
        level === 'entries'
          ? encodeEntryBundle(await readEntries(sql, { index, width }))
          : await readTile(sql, { level, index, width })
      return { bytes, full: width === tileWidth }
    },

    async consistency(from) {
      const { position } = await log.reader.head()
      if (from > position) {
        throw new CustodyError(
          'integer_above_max_value',
          `Invalid 'from': integer above maximum value. The log has ${position} events, but got ${from} instead.`,
          { param: 'from' },
        )
      }
      const { size, note } = await checkpoints.current(from)
      const hashes = await consistencyProof(from, size, tiles)
      return formatConsistencyProof({ oldSize: from, hashes, checkpoint: note })
    },

    proof: async (asker, choice) => await proofOf(await find(asker, choice)),

    async receipt(asker, choice) {
      const found = await find(asker, choice)
      const content = await privateGroup(log.reader.sql, found.position, 'content')
      return formatReceipt({
        record: found.record,
        proof: await proofOf(found),
        private: content
          ? { content: { salt: content.salt, body: JSON.parse(content.body) } }
          : {},
      })
    },
  }
}

function tileOf(path: string): TilePath {
  try {
    return parseTilePath(path)
  } catch (error) {
    if (error instanceof MalformedError) throw tileNotFound(path)
    throw error
  }
}

function tileNotFound(path: string): CustodyError {
  return new CustodyError('tile_not_found', `The log has no ${quote(path)}.`)
}

function eventNotFound(position: number): CustodyError {
  return new CustodyError('event_not_found', `No event at position ${position}.`, {
    param: 'position',
  })
}
