import type { EventMap } from '@custody/domain'
import type { Appender } from '../appender.ts'
import type { Principal } from '../auth/principal.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Which reads are written down: none, those of contents, or those of a file's metadata as well. */
export type AccessEvents = 'off' | 'content' | 'all'

export type FileRead = {
  /** Plain UUID. */
  readonly file: string
  readonly what: 'content' | 'metadata'
  /** First byte, and the one after the last. Absent: the whole, or no content. */
  readonly range?: { readonly start: number; readonly end: number }
  readonly requestId: string
}

/** Writes down who has read what, off the path of the answer. */
export interface AccessLog {
  /** Whether reads of metadata are wanted as well. */
  readonly all: boolean
  /** Never waits, and never fails: a read that cannot be kept is counted as lost. */
  note(principal: Principal, read: FileRead): void
  /** Writes down what is waiting. */
  flush(): Promise<void>
}

/** Reads of one command. */
const AT_ONCE = 256

/** Reads that may wait: some 4 MB. */
const MAX_WAITING = 8_192

type Read = EventMap['FileContentRead']['data']
type Waiting = { readonly project: string; readonly actor: string; readonly read: Read }

/**
 * `onFull`: as many reads wait as one command takes, so it is time to flush. What waits is lost when the
 * process is killed, without being counted; what does not fit, or cannot be written, is lost and counted: the next event
 * of the project says how many.
 */
export function createAccessLog(
  { clock, logger }: Pick<ServiceEnvironment, 'clock' | 'logger'>,
  appender: Pick<Appender, 'append'>,
  options: { readonly all: boolean; readonly onFull: () => void },
): AccessLog {
  let waiting: Waiting[] = []
  let flushing: Promise<void> = Promise.resolve()
  const lost = new Map<string, number>()
  let lostInAll = 0

  function lose(project: string, count: number): void {
    lost.set(project, (lost.get(project) ?? 0) + count)
    lostInAll += count
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const byAsker = new Map<string, Waiting[]>()
    for (const one of batch) {
      const asker = `${one.project}\n${one.actor}`
      const same = byAsker.get(asker)
      if (same) same.push(one)
      else byAsker.set(asker, [one])
    }
    const before = lostInAll
    await Promise.all([...byAsker.values()].map(writeSome))
    if (lostInAll > before) {
      logger.warn(
        { lost: lostInAll - before, lostInAll },
        'reads could not be written down as events',
      )
    }
  }

  async function writeSome(some: readonly Waiting[]): Promise<void> {
    const [first] = some
    if (!first) return
    const { project, actor, read } = first
    const missing = lost.get(project) ?? 0
    lost.delete(project)
    const reads = some.map((one) => one.read)
    if (missing > 0) reads[0] = { ...read, lost: missing }
    try {
      await appender.append(
        { type: 'RecordReads', reads },
        { project, actor, requestId: read.request },
      )
    } catch (error) {
      lose(project, reads.length)
      // Those were counted before.
      lost.set(project, (lost.get(project) ?? 0) + missing)
      logger.debug({ err: error }, 'reads could not be written down')
    }
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, AT_ONCE)
      waiting = waiting.slice(AT_ONCE)
      await write(batch)
    }
  }

  return {
    all: options.all,
    note({ project, actor }, { file, what, range, requestId }) {
      if (waiting.length >= MAX_WAITING) return lose(project.id, 1)
      const read = {
        file,
        what,
        range: range ?? null,
        read_at: clock(),
        request: requestId,
      }
      waiting.push({ project: project.id, actor, read })
      if (waiting.length === AT_ONCE) options.onFull()
    },
    flush() {
      flushing = flushing.then(flush, flush)
      return flushing
    },
  }
}
