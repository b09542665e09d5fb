import { type Decision, events } from '../decision.ts'
import type { DamageFinder } from '../events/event-map.ts'
import type { FileState } from './file-state.ts'

/** The stored bytes of an extent are not those that were uploaded. */
export type MarkDamaged = {
  readonly type: 'MarkDamaged'
  readonly file: string
  readonly extent: string
  /** The first segment that is not authentic, from 0; null: not known. */
  readonly segment: number | null
  readonly foundBy: DamageFinder
}

/** An extent that was damaged was read as a whole, and is what was uploaded. */
export type MarkRepaired = {
  readonly type: 'MarkRepaired'
  readonly file: string
  readonly extent: string
}

/** A file that ended meanwhile (its bytes go then), or is known to be damaged there, leads to nothing. */
export function decideMarkDamaged(
  state: FileState | null,
  { extent, segment, foundBy }: MarkDamaged,
): Decision {
  if (!state || state.ended || state.damaged.includes(extent)) return events()
  if (!state.extents.some(({ id }) => id === extent)) return events()
  return events({
    type: 'FileDamaged',
    stream: state.id,
    after: state.version,
    data: { extent, segment, found_by: foundBy },
  })
}

/** What is not known to be damaged leads to nothing. */
export function decideMarkRepaired(
  state: FileState | null,
  { extent }: MarkRepaired,
): Decision {
  if (!state || state.ended || !state.damaged.includes(extent)) return events()
  return events({
    type: 'FileRepaired',
    stream: state.id,
    after: state.version,
    data: { extent },
  })
}
