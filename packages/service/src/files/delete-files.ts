import { setImmediate as nextTurn } from 'node:timers/promises'
import { CustodyError } from '@custody/domain'
import { countCreatedBefore, listCreatedBefore } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { Files } from './files.ts'

export type BulkDeletionBounds = {
  /** Files that one call deletes. Default 10,000. */
  readonly maxFiles: number
  /** Ids that one answer has. Default 1,000. */
  readonly maxIds: number
  /** Deletes that wait for the log at once, of all calls together. Default 64: an uploader waits for so many. */
  readonly atOnce: number
  /** Files that are counted without a break. Default 5,000: some milliseconds. */
  readonly countedAtOnce: number
}

const defaultBounds: BulkDeletionBounds = {
  maxFiles: 10_000,
  maxIds: 1_000,
  atOnce: 64,
  countedAtOnce: 5_000,
}

/**
 * Deletes files by purpose and age, each with an event of its own, in slices. All calls take turns slice by slice, so
 * that however many there are, other writers and requests come in between.
 */
export function createBulkDeletion(
  { log, clock }: Pick<ServiceEnvironment, 'log' | 'clock'>,
  appender: Pick<Appender, 'append'>,
  bounds: Partial<BulkDeletionBounds> = {},
): Files['deleteMany'] {
  const { maxFiles, maxIds, atOnce, countedAtOnce } = { ...defaultBounds, ...bounds }
  let lastTurn: Promise<unknown> = Promise.resolve()

  /** Page after page, each when its turn comes and after a turn of the event loop. */
  async function* inTurns<Page extends { readonly next: number | undefined }>(
    signal: AbortSignal,
    work: (after: number) => Promise<Page>,
  ): AsyncGenerator<Page> {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after
      const turn = lastTurn.then(async () => {
        await nextTurn()
        signal.throwIfAborted()
        return await work(from)
      })
      lastTurn = turn.catch(() => {})
      const page: Page = await turn
      yield page
      after = page.next
    }
  }

  return async (principal, query, { requestId, signal }) => {
    const project = principal.project.id
    const { time } = await log.reader.head()
    const page = (after: number, limit: number) => ({
      project,
      purpose: query.purpose,
      // A file that comes from now on is not meant, however far in the future the time is.
      before: Math.min(query.createdBefore * 1_000_000, time + 1),
      after,
      limit,
      now: Math.floor(clock() / 1000),
    })
    const list = (after: number, limit: number) =>
      listCreatedBefore(log.reader.sql, page(after, limit))

    async function deleteSlice(after: number, limit: number) {
      const found = await list(after, limit)
      const { ids, next } = found
      const asking = { project, actor: principal.actor, requestId }
      const outcomes = await Promise.allSettled(
        ids.map((id) =>
          appender.append({ type: 'DeleteFile', file: id, idAsSent: id }, asking),
        ),
      )
      const deleted: string[] = []
      let held = found.held
      for (const [index, id] of ids.entries()) {
        const outcome = outcomes[index]
        if (outcome?.status !== 'rejected') deleted.push(id)
        else if (isRefused(outcome.reason, 'file_held')) held += 1
        // One that ended meanwhile is not ours to count; anything else ends the call.
        else if (!isRefused(outcome.reason, 'file_not_found')) throw outcome.reason
      }
      return { deleted, held, next }
    }

    let matched = 0
    let found = 0
    for await (const some of inTurns(signal, (after) =>
      countCreatedBefore(log.reader.sql, page(after, countedAtOnce)),
    )) {
      matched += some.count
      found += some.held
    }

    const ids: string[] = []
    if (query.dryRun) {
      for await (const found of inTurns(signal, (after) => list(after, maxIds))) {
        ids.push(...found.ids.slice(0, maxIds - ids.length))
        if (ids.length === maxIds) break
      }
      return {
        dryRun: true,
        matched,
        deleted: 0,
        held: found,
        ids,
        hasMore: matched - found > maxFiles,
      }
    }

    let deleted = 0
    let held = 0
    let hasMore = false
    for await (const slice of inTurns(signal, (after) =>
      deleteSlice(after, Math.min(atOnce, maxFiles - deleted)),
    )) {
      ids.push(...slice.deleted.slice(0, maxIds - ids.length))
      deleted += slice.deleted.length
      held += slice.held
      hasMore = slice.next !== undefined
      if (deleted === maxFiles) break
    }
    return { dryRun: false, matched, deleted, held, ids, hasMore }
  }
}

function isRefused(error: unknown, key: CustodyError['key']): boolean {
  return error instanceof CustodyError && error.key === key
}
