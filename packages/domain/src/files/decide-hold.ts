import { type Decision, events, refuse } from '../decision.ts'
import { quote } from '../errors/index.ts'
import { type Micros, toSeconds } from '../log-time.ts'
import { expired, fileNotFound } from './decide-file.ts'
import { type FileState, isExpired, isLive } from './file-state.ts'

/** Holds that one file can have. */
const MAX_HOLDS = 100

/** Keeps a file from ending. */
export type HoldFile = {
  readonly type: 'HoldFile'
  readonly file: string
  readonly idAsSent: string
  readonly hold: string
  /** Unique among the file's holds. */
  readonly name: string
  readonly note?: string
  /** Unix seconds; null: until it is released. */
  readonly retainUntil: number | null
}

/** Ends a hold, by its name or id. */
export type ReleaseFile = {
  readonly type: 'ReleaseFile'
  readonly file: string
  readonly idAsSent: string
  /** The hold's name, or its id. */
  readonly hold: string
}

type InProject = { readonly project: string }

/** Refusals: `file_not_found`, `invalid_value` for a time that has passed, `hold_exists`, `too_many_holds`. */
export function decideHold(
  state: FileState | null,
  command: HoldFile & InProject,
  now: Micros,
): Decision {
  if (!state || state.project !== command.project || !isLive(state, now)) {
    return fileNotFound(command.idAsSent)
  }
  const { name, note, retainUntil } = command
  if (retainUntil !== null && retainUntil <= toSeconds(now)) {
    return refuse(
      'invalid_value',
      `Invalid 'retain_until': expected a time to come, but got ${retainUntil} instead.`,
      { param: 'retain_until' },
    )
  }
  if (state.holds.some((hold) => hold.name === name)) {
    return refuse('hold_exists', `The file has a hold ${quote(name)} already.`, {
      param: 'name',
    })
  }
  if (state.holds.length >= MAX_HOLDS) {
    return refuse(
      'too_many_holds',
      `The file has ${state.holds.length} holds; at most ${MAX_HOLDS} are allowed.`,
    )
  }
  return events({
    type: 'FileHeld',
    stream: state.id,
    after: state.version,
    data: { hold: command.hold, retain_until: retainUntil },
    private: { personal: { name, ...(note !== undefined && { note }) } },
  })
}

/** Ends a hold. A file whose expiry passed meanwhile ends at once. */
export function decideRelease(
  state: FileState | null,
  command: ReleaseFile & InProject,
  now: Micros,
): Decision {
  if (!state || state.project !== command.project || !isLive(state, now)) {
    return fileNotFound(command.idAsSent)
  }
  const { hold: wanted } = command
  const found = state.holds.find(({ id, name }) => name === wanted || id === wanted)
  if (!found) {
    return refuse('hold_not_found', `The file has no hold ${quote(wanted)}.`, {
      param: 'hold',
    })
  }
  const released = { ...state, holds: state.holds.filter((hold) => hold !== found) }
  return events(
    {
      type: 'FileReleased',
      stream: state.id,
      after: state.version,
      data: { hold: found.id },
    },
    ...(isExpired(released, now) ? [expired(released, 1)] : []),
  )
}
