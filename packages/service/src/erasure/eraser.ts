import { CustodyError, toSeconds } from '@custody/domain'
import { type PurgeObstacle, parseTime, readProjectEvents } from '@custody/event-log'
import { findSource, isGarbage, listUploadParts } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import { destroyExtents } from '../background/garbage-collector.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { compareList, type ErasureFile, erasedLine, purgedLine } from './erasure-list.ts'
import type { Erasures } from './erasures.ts'
import { repeatErasures } from './repeat-erasures.ts'

/** How often a request looks whether what is in the way has gone, and how long each time, in milliseconds. */
const ATTEMPTS = 10
const PATIENCE_MS = 1_000

const PAGE = 1_000

const FORGOTTEN = 'What it said was removed with an erasure.'

const obstacles: Readonly<Record<PurgeObstacle, string>> = {
  reader: 'a connection that reads the database holds its write-ahead log',
  rebuild: 'readers use former tables of the index still',
}

/** Sees to it that what was erased is gone from every file. */
export interface Eraser extends Pick<Erasures, 'eraseFile'> {
  /**
   * Before anything is served: erases again what a database that was restored has once more, and lists what the
   * list lacks.
   */
  start(): Promise<void>
  /** Destroys the parts of an upload that came to no file. @throws CustodyError `erasure_unfinished` */
  destroyParts(upload: string): Promise<void>
  /** Lists what was erased, and removes what it left. @throws CustodyError `erasure_unfinished` */
  settle(): Promise<void>
  /** The same in the background: where something is in the way, it is left for the next time. */
  tidy(signal: AbortSignal): Promise<void>
}

export function createEraser(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs' | 'ids' | 'logger'>,
  appender: Appender,
  erasureFile: ErasureFile,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): Eraser {
  const { log, logger } = environment
  let listedTo = 0
  let isPurged = true
  let listing: Promise<void> = Promise.resolve()
  let running: Promise<PurgeObstacle | undefined> | undefined
  let next: Promise<PurgeObstacle | undefined> | undefined

  appender.onAppended((events) => {
    if (events.some(({ type }) => type === 'PrivateDataErased')) isPurged = false
  })

  /** Writes down the erasures that the list lacks: one after the other, whoever asks. */
  function list(): Promise<void> {
    listing = listing.then(listMore, listMore)
    return listing
  }

  async function listMore(): Promise<void> {
    for (;;) {
      const page = await log.reader.read({
        from: listedTo,
        types: ['PrivateDataErased'],
        limit: PAGE,
      })
      const last = page.at(-1)
      if (!last) return
      erasureFile.append(page.map(erasedLine))
      // A process that was killed may have erased them, and not come to purge.
      isPurged = false
      listedTo = last.record.position
    }
  }

  async function eventAt(position: number): Promise<string | undefined> {
    const query = { from: position - 1, to: position, limit: 1 }
    return (await log.reader.read(query))[0]?.record.id
  }

  /** One purge serves all that was erased before it began. */
  function purge(signal?: AbortSignal): Promise<PurgeObstacle | undefined> {
    if (!running) return beginPurge(signal)
    next ??= running.then(
      () => beginPurge(signal),
      () => beginPurge(signal),
    )
    return next
  }

  function beginPurge(signal?: AbortSignal): Promise<PurgeObstacle | undefined> {
    next = undefined
    // What is erased while it runs is for the next one.
    isPurged = true
    const begun = log
      .purge({ patienceMs: signal ? 0 : patienceMs, ...(signal && { signal }) })
      .then(
        (obstacle) => {
          if (obstacle) isPurged = false
          else if (isPurged) erasureFile.append([purgedLine])
          return obstacle
        },
        (error: unknown) => {
          isPurged = false
          throw error
        },
      )
      .finally(() => {
        if (running === begun) running = undefined
      })
    running = begun
    return begun
  }

  /** What a plugin said when it failed may name the file that it failed of. The next attempt says it again. */
  async function forgetFailures(): Promise<void> {
    for (const state of await log.reader.consumers()) {
      if (state.error === '' || state.error === FORGOTTEN) continue
      await log.consumers.save({ ...state, error: FORGOTTEN }, state.position)
      isPurged = false
    }
  }

  async function settle(): Promise<void> {
    await forgetFailures()
    await list()
    let obstacle: PurgeObstacle | undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (isPurged && !running) return
      obstacle = await purge()
      if (!obstacle) return
    }
    if (obstacle) throw unfinished(obstacles[obstacle])
  }

  /** Extents of what was erased whose bytes are there still, those of the upload that it came from included. */
  async function leftExtents(project: string, file: string): Promise<string[]> {
    const { sql } = log.reader
    const named = new Set<string>()
    const events = await readProjectEvents(sql, {
      project,
      stream: file,
      types: ['PrivateDataErased'],
      order: 'asc',
      limit: Number.MAX_SAFE_INTEGER,
    })
    for (const { record } of events) {
      const { extents = [] } = record.data as { extents?: readonly string[] }
      for (const extent of extents) named.add(extent)
    }
    const source = await findSource(sql, file)
    if (source !== undefined) {
      for (const { id } of await listUploadParts(sql, source)) named.add(id)
    }
    return await leftOf([...named].map((id) => ({ id })))
  }

  async function leftOf(extents: readonly { readonly id: string }[]): Promise<string[]> {
    const left: string[] = []
    for (const { id } of extents) if (await isGarbage(log.reader.sql, id)) left.push(id)
    return left
  }

  async function erasedAt(project: string, file: string): Promise<number> {
    const [last] = await readProjectEvents(log.reader.sql, {
      project,
      stream: file,
      types: ['FileErased'],
      order: 'desc',
      limit: 1,
    })
    if (!last) throw new TypeError(`File ${file} was erased, and no event says so`)
    return toSeconds(parseTime(last.record.time))
  }

  async function destroy(extents: readonly string[]): Promise<void> {
    const stuck = await destroyExtents(environment, appender, extents)
    if (stuck.length > 0) throw unfinished('stored content could not be removed')
  }

  return {
    async start() {
      const found = await compareList(erasureFile, eventAt)
      listedTo = found.listedTo
      isPurged = found.isPurged && found.missing.length === 0
      const uploads = await repeatErasures(environment, appender, found.missing)
      await list()
      for (const { project, stream } of found.missing) {
        const left = await leftExtents(project, stream)
        // What cannot be removed now is queued.
        await destroyExtents(environment, appender, left)
      }
      for (const upload of uploads) {
        const parts = await listUploadParts(log.reader.sql, upload)
        await destroyExtents(environment, appender, await leftOf(parts))
      }
    },

    async eraseFile(project, id, { actor, idAsSent, requestId }) {
      const { events } = await appender.append(
        { type: 'EraseFile', file: id, idAsSent },
        { project, actor, requestId },
      )
      await destroy(await leftExtents(project, id))
      // A purge that the background began before the content went has not seen it go.
      if (events.length > 0) isPurged = false
      await settle()
      return { id, erasedAt: await erasedAt(project, id) }
    },

    async destroyParts(upload) {
      await destroy(await leftOf(await listUploadParts(log.reader.sql, upload)))
      // As above: content that was in the database has left copies.
      isPurged = false
    },

    settle,

    async tidy(signal) {
      await list()
      if (isPurged) return
      const obstacle = await purge(signal)
      if (obstacle) {
        logger.debug({ obstacle }, 'remnants of what was erased wait to be removed')
      }
    },
  }
}

function unfinished(why: string): CustodyError {
  return new CustodyError(
    'erasure_unfinished',
    `The erasure is recorded, and not finished: ${why}. It goes on by itself; ask again to see it done.`,
    { headers: { 'retry-after': '5' } },
  )
}
