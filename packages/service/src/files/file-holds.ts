import { CustodyError, type FileState, isLive, toSeconds } from '@custody/domain'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { Principal } from '../types.ts'
import type { FileLookup } from './file-lookup.ts'

export type HoldView = {
  readonly id: string
  /** null once erased, as is the note. */
  readonly name: string | null
  readonly note: string | null
  /** Unix seconds. */
  readonly createdAt: number
  /** Unix seconds; null: until it is released. */
  readonly retainUntil: number | null
}

export type HoldsView = {
  /** In the order in which they were placed; those that have lapsed too. */
  readonly holds: readonly HoldView[]
  /** Unix seconds: the project's retention, as it was when the file was uploaded. */
  readonly retainUntil: number | null
}

export type NewHold = {
  readonly name: string
  readonly note?: string
  /** Unix seconds. Default: until it is released. */
  readonly retainUntil?: number
}

type Asked = { readonly idAsSent: string; readonly requestId: string }

/** What keeps a file from being deleted, expired or erased. Ids are plain UUIDs. */
export interface FileHolds {
  /** @throws CustodyError `file_not_found`, `hold_exists`, `too_many_holds`, `invalid_value` */
  place(principal: Principal, id: string, hold: NewHold, asked: Asked): Promise<HoldView>
  /** @throws CustodyError `file_not_found` */
  list(principal: Principal, id: string, idAsSent: string): Promise<HoldsView>
  /**
   * Ends a hold by its name or id. A file whose expiry passed meanwhile ends at once.
   *
   * @throws CustodyError `file_not_found`, `hold_not_found`
   */
  release(principal: Principal, id: string, hold: string, asked: Asked): Promise<void>
}

export function createFileHolds(
  { clock, ids }: Pick<ServiceEnvironment, 'clock' | 'ids'>,
  appender: Pick<Appender, 'append'>,
  lookUp: FileLookup,
): FileHolds {
  const asking = (principal: Principal, requestId: string) => ({
    project: principal.project.id,
    actor: principal.actor,
    requestId,
  })
  return {
    async place(principal, id, { name, note, retainUntil }, { idAsSent, requestId }) {
      const hold = ids.prefixed('hold_')
      const command = {
        type: 'HoldFile',
        file: id,
        idAsSent,
        hold,
        name,
        ...(note !== undefined && { note }),
        retainUntil: retainUntil ?? null,
      } as const
      const { events } = await appender.append(command, asking(principal, requestId))
      const placed = events[0]
      if (!placed) throw new TypeError('A hold led to no event')
      return {
        id: hold,
        name,
        note: note ?? null,
        createdAt: toSeconds(placed.time),
        retainUntil: command.retainUntil,
      }
    },

    async list(principal, id, idAsSent) {
      const state = await lookUp(principal.project.id, id)
      if (!state || !isLive(state, clock() * 1000)) {
        throw new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
          param: 'id',
        })
      }
      return toHoldsView(state)
    },

    async release(principal, id, hold, { idAsSent, requestId }) {
      await appender.append(
        { type: 'ReleaseFile', file: id, idAsSent, hold },
        asking(principal, requestId),
      )
    },
  }
}

export function toHoldsView({ holds, retainUntil }: FileState): HoldsView {
  return { holds: holds.map(toHoldView), retainUntil }
}

function toHoldView(hold: FileState['holds'][number]): HoldView {
  return {
    id: hold.id,
    name: hold.name,
    note: hold.note,
    createdAt: toSeconds(hold.at),
    retainUntil: hold.retainUntil,
  }
}
