import { setImmediate as nextTurn } from 'node:timers/promises'
import { CustodyError, quote } from '@custody/domain'
import {
  countStoredFiles,
  findFile,
  listStoredFiles,
  type StoredFile,
} from '@custody/file-index'
import type { Asking } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { DigestThread } from '../uploads/digests/digest-thread.ts'
import { type CheckOptions, checkExtent } from './check-extent.ts'
import { type DamageLog, segmentOf } from './damage-log.ts'

/** Files that are taken from the index at once: one in a thousand parts is 130 KB there. */
const PAGE = 64

/** Extents, and milliseconds, after which a slice ends. */
const MAX_EXTENTS = 1000
const MAX_MS = 1000

/** Work without a break, in milliseconds. */
const BREAK_MS = 5

export type ScrubOptions = CheckOptions & {
  /** Where the slice before ended. Default: at the first file. */
  readonly from?: string | undefined
  /** Bytes after which the slice ends, with the extent that it is at. */
  readonly maxBytes: number
  /** Who asks for it, as the events will say. */
  readonly by: Omit<Asking, 'project'>
}

/** Bytes that are not what was uploaded, or are again. */
export type ScrubFinding = {
  readonly project: string
  /** Plain UUID. */
  readonly file: string
  readonly extent: string
}

export type ScrubDamage = ScrubFinding & {
  /** The first segment that is not authentic, from 0; null: not known. */
  readonly segment: number | null
  readonly problem: string
  /** Whether the log said so before. */
  readonly isKnown: boolean
}

/** Bytes that could not be read, so that nobody knows what they are. Nothing is written down of them. */
export type ScrubFailure = ScrubFinding & { readonly problem: string }

export type ScrubCounts = {
  /** Files whose last extent was read. */
  readonly files: number
  readonly extents: number
  readonly bytes: number
  /** Sealed extents that could not be opened: their master key is not here. */
  readonly unread: number
  /** Extents that the log was imported without. */
  readonly absent: number
}

/** What one slice of a scrub found. */
export type ScrubSlice = ScrubCounts & {
  readonly damaged: readonly ScrubDamage[]
  readonly unreadable: readonly ScrubFailure[]
  readonly repaired: readonly ScrubFinding[]
  /** Where the next slice begins; null: this was the last. */
  readonly next: string | null
}

/** Reads stored content again, and writes down in the log where it is not what was uploaded, or is again. */
export interface Scrub {
  /** Files of all projects in the order of the log, from where the slice before ended. @throws CustodyError `invalid_value` */
  slice(options: ScrubOptions): Promise<ScrubSlice>
  /** One file as a whole. @throws CustodyError `file_not_found` */
  file(
    id: string,
    options: Omit<ScrubOptions, 'from' | 'maxBytes'> & { readonly idAsSent: string },
  ): Promise<ScrubSlice>
  /** What there is to read. */
  total(): Promise<{ readonly files: number; readonly bytes: number }>
}

export function createScrub(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs' | 'keys'>,
  digests: DigestThread,
  damageLog: DamageLog,
  monotonic: () => number,
): Scrub {
  const { log } = environment

  /** The file, unless it has ended: then its bytes go. */
  async function stillThere(id: string): Promise<boolean> {
    const state = await findFile(log.reader.sql, id)
    return state !== null && state.ended === null
  }

  function begin() {
    const counts = { files: 0, extents: 0, bytes: 0, unread: 0, absent: 0 }
    const damaged: ScrubDamage[] = []
    const unreadable: ScrubFailure[] = []
    const repaired: ScrubFinding[] = []

    async function check(file: StoredFile, index: number, options: CheckBy) {
      const extent = file.extents[index]
      if (!extent) return
      const { id, project } = file
      const place = { project, file: id, extent: extent.id }
      const found = await checkExtent(environment, digests, extent, options)
      if (found.kind === 'damaged') {
        const { error } = found
        const segment = segmentOf(error)
        const { events } = await damageLog.mark({ ...place, segment }, options.by)
        const isKnown = events.length === 0
        if (isKnown && !(await stillThere(id))) return
        damaged.push({ ...place, segment, problem: error.message, isKnown })
      } else if (found.kind === 'unreadable') {
        unreadable.push({ ...place, problem: found.error.message })
      } else if (found.kind !== 'whole') counts[found.kind] += 1
      else if (file.damaged.includes(extent.id)) {
        const { events } = await damageLog.repaired(place, options.by)
        if (events.length > 0) repaired.push(place)
      }
      counts.extents += 1
      counts.bytes += extent.bytes
      if (index === file.extents.length - 1) counts.files += 1
    }
    const end = (next: string | null): ScrubSlice => ({
      ...counts,
      damaged,
      unreadable,
      repaired,
      next,
    })
    return { counts, check, end }
  }

  return {
    async slice({ from, maxBytes, ...options }) {
      let { position, extent } = parseCursor(from)
      const { counts, check, end } = begin()
      const started = monotonic()
      let rested = started
      for (;;) {
        // In the middle of a file it is likely a large one, which is read again for each slice of it.
        const limit = extent > 0 ? 1 : PAGE
        const { sql } = log.reader
        const page = await listStoredFiles(sql, { after: position - 1, limit })
        for (const file of page) {
          if (file.position !== position) extent = 0
          position = file.position
          for (; extent < file.extents.length; extent += 1) {
            options.signal.throwIfAborted()
            const now = monotonic()
            const isFull =
              counts.bytes >= maxBytes ||
              counts.extents >= MAX_EXTENTS ||
              now - started >= MAX_MS
            // However little time or room there is, it gets on.
            if (isFull && counts.extents > 0) return end(`${position}.${extent}`)
            if (now - rested >= BREAK_MS) {
              await nextTurn()
              rested = monotonic()
            }
            await check(file, extent, options)
          }
          position += 1
          extent = 0
        }
        if (page.length < limit) return end(null)
      }
    },

    async file(id, { idAsSent, ...options }) {
      const state = await findFile(log.reader.sql, id)
      if (!state || state.ended) {
        throw new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
          param: 'file',
        })
      }
      const { check, end } = begin()
      for (const index of state.extents.keys()) await check(state, index, options)
      return end(null)
    },

    total: () => countStoredFiles(log.reader.sql),
  }
}

type CheckBy = CheckOptions & Pick<ScrubOptions, 'by'>

/** `POSITION.EXTENT`: of the file in the log, and the number of its extent, from 0. */
function parseCursor(cursor: string | undefined) {
  if (cursor === undefined) return { position: 1, extent: 0 }
  const [, position, extent] = /^([1-9]\d{0,14})\.(\d{1,9})$/.exec(cursor) ?? []
  if (position !== undefined) return { position: +position, extent: Number(extent) }
  throw new CustodyError(
    'invalid_value',
    `Invalid 'cursor': expected what 'next' was before, such as '1042.0', but got ${quote(cursor)} instead.`,
    { param: 'cursor' },
  )
}
