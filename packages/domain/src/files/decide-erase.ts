import { type Decision, type Erasure, events } from '../decision.ts'
import type { DomainEvent } from '../events/event-map.ts'
import type { Micros } from '../log-time.ts'
import { fileHeld, fileNotFound } from './decide-file.ts'
import { type FileState, isHeld } from './file-state.ts'

/** Destroys what was said of a file, and its content; of one that has ended, too. */
export type EraseFile = {
  readonly type: 'EraseFile'
  readonly file: string
  readonly idAsSent: string
  /** It was erased before, and a backup had brought it back: no hold protects it. */
  readonly again?: true
}

/** Erases some private groups of a stream, and leaves the rest of it as it is. */
export type ErasePrivate = {
  readonly type: 'ErasePrivate'
  /** A file's, key's or account's. */
  readonly stream: string
  readonly groups: readonly Erasure[]
  /** See {@link EraseFile}. */
  readonly again?: true
}

/** What there is to erase. */
export type Erasable = {
  /** Private groups that are there, of the file and of the upload that it came from. */
  readonly groups: readonly Erasure[]
  /** Extents whose bytes are not known to be destroyed. */
  readonly extents: readonly string[]
}

/** Groups, and extents, that one event names: some 55,000 bytes of the 65,535 that a record has. */
const AT_ONCE = 600

/** A file that was erased already leads to nothing. */
export function decideErase(
  state: FileState | null,
  { groups, extents }: Erasable,
  command: EraseFile & { readonly project: string },
  now: Micros,
): Decision {
  if (state?.project !== command.project) return fileNotFound(command.idAsSent)
  if (isProtected(state, command, now)) return fileHeld(state, 'erased')
  if (state.ended && groups.length === 0) return events()
  const erased = {
    type: 'FileErased',
    stream: state.id,
    after: state.version,
    data: { reason: command.again ? 'restore' : 'request' },
  } as const
  return { events: [erased, ...erasures(state.id, groups, extents)], erase: groups }
}

/** `file`: null where the stream is another thing's. `groups`: those of the stream that are there. */
export function decideErasePrivate(
  file: FileState | null,
  groups: readonly Erasure[],
  command: ErasePrivate,
  now: Micros,
): Decision {
  if (file && isProtected(file, command, now)) return fileHeld(file, 'erased')
  const wanted = new Set(command.groups.map(keyOf))
  const erase = groups.filter((one) => wanted.has(keyOf(one)))
  return { events: erasures(command.stream, erase, []), erase }
}

const keyOf = ({ position, group }: Erasure) => `${position} ${group}`

function isProtected(state: FileState, { again }: { again?: true }, now: Micros) {
  return !state.ended && !again && isHeld(state, now)
}

function erasures(
  stream: string,
  groups: readonly Erasure[],
  extents: readonly string[],
): DomainEvent<'PrivateDataErased'>[] {
  const found: DomainEvent<'PrivateDataErased'>[] = []
  for (let from = 0; from < Math.max(groups.length, extents.length); from += AT_ONCE) {
    const some = extents.slice(from, from + AT_ONCE)
    const erased = groups.slice(from, from + AT_ONCE)
    found.push({
      type: 'PrivateDataErased',
      stream,
      after: 'latest',
      data: { erased, ...(some.length > 0 && { extents: some }) },
    })
  }
  return found
}
