import { CustodyError, type Erasure, quote } from '@custody/domain'
import type { StoredEvent } from '@custody/event-log'

/**
 * Lines that are kept outside of the database, so that one that was restored from a backup does not bring back
 * what was erased since.
 */
export interface ErasureFile {
  /** Whole lines, the last one first. */
  backward(): Iterable<string>
  /** When it returns, the lines are on disk. */
  append(lines: readonly string[]): void
}

/** An erasure of the log: what one `PrivateDataErased` says. Nothing in it is private. */
export type ListedErasure = {
  /** Of the event, by which a log is told that has it. */
  readonly position: number
  readonly event: string
  readonly project: string
  readonly stream: string
  readonly time: string
  readonly groups: readonly Erasure[]
}

/** What the file tells when it is read from its end. */
export type ListedState = {
  /** Erasures that the log does not have, the oldest first: it was restored from a backup. */
  readonly missing: readonly ListedErasure[]
  /** Position of the last one that it has; 0: none. */
  readonly listedTo: number
  /** Whether nothing was erased since everything was last removed for good. */
  readonly isPurged: boolean
}

type Line = { readonly erased: ListedErasure } | { readonly purged: true }

export function erasedLine(event: StoredEvent): string {
  const { position, id, project, stream, time, data } = event.record
  const groups = (data as { erased: readonly Erasure[] }).erased
  const erased: ListedErasure = { position, event: id, project, stream, time, groups }
  return JSON.stringify({ erased } satisfies Line)
}

/** Everything listed before it was removed for good. */
export const purgedLine = JSON.stringify({ purged: true } satisfies Line)

/**
 * Reads the file backward to the first erasure that the log has: it has all before it too, or they were applied to
 * it again then.
 *
 * @param eventAt The id of the log's event at a position.
 * @throws CustodyError `data_folder_unusable` for a line that is none of ours
 */
export async function compareList(
  file: ErasureFile,
  eventAt: (position: number) => Promise<string | undefined>,
): Promise<ListedState> {
  const missing: ListedErasure[] = []
  let isPurged: boolean | undefined
  for (const text of file.backward()) {
    const line = parseLine(text)
    if ('purged' in line) {
      isPurged ??= true
      continue
    }
    isPurged ??= false
    const { position, event } = line.erased
    if ((await eventAt(position)) === event) {
      return { missing: missing.reverse(), listedTo: position, isPurged }
    }
    missing.push(line.erased)
  }
  return { missing: missing.reverse(), listedTo: 0, isPurged: isPurged ?? true }
}

function parseLine(text: string): Line {
  let line: Partial<{ erased: ListedErasure; purged: true }>
  try {
    line = JSON.parse(text)
  } catch (cause) {
    throw notOurs(text, cause)
  }
  if (line?.purged) return { purged: true }
  const { erased } = Object(line)
  if (typeof erased?.position !== 'number' || !Array.isArray(erased.groups)) {
    throw notOurs(text)
  }
  return { erased }
}

function notOurs(text: string, cause?: unknown): CustodyError {
  return new CustodyError(
    'data_folder_unusable',
    `The list of erasures, erasures.log in the data folder, holds the line ${quote(text)}, which is no erasure. Put the file back from a copy or a backup; where there is none, take that line out: what it said is not erased again from a database that was restored.`,
    { cause },
  )
}
