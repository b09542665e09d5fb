import type { FileState } from '@custody/domain'
import type { MaybePromise } from '@custody/event-log'
import { findFileOf } from '@custody/file-index'
import { LRUCache } from 'lru-cache'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** A state with much metadata takes some 10 KB, so these take 20 MB at the most. */
const REMEMBERED = 2_000

/** Of a file in many parts, the list of its extents would take more than that. */
const MAX_EXTENTS = 8

/** The project's file, ended or not, or null. */
export type FileLookup = (project: string, id: string) => MaybePromise<FileState | null>

/**
 * Finds files in the index, and remembers those that were asked for until an event of theirs is committed:
 * all that changes a file goes through this process's appender.
 */
export function createFileLookup(
  { log }: Pick<ServiceEnvironment, 'log'>,
  appender: Pick<Appender, 'onAppended' | 'onUnknown'>,
): FileLookup {
  const known = new LRUCache<string, FileState>({ max: REMEMBERED })
  let changes = 0
  appender.onAppended((events) => {
    changes += 1
    for (const { stream } of events) known.delete(stream)
  })
  appender.onUnknown(() => {
    changes += 1
    known.clear()
  })

  function remember(state: FileState | null): FileState | null {
    if (state && state.extents.length <= MAX_EXTENTS) known.set(state.id, state)
    return state
  }

  return (project, id) => {
    const state = known.get(id)
    // Another project's file is asked of the index, as one is that never was: their answers take the same time.
    if (state?.project === project) return state
    const before = changes
    const found = findFileOf(log.reader.sql, project, id)
    if (!(found instanceof Promise)) return remember(found)
    // What was committed between the question and the answer may have changed it.
    return found.then((late) => (changes === before ? remember(late) : late))
  }
}
