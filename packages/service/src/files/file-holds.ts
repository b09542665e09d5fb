import { CustodyError, type FileState, isLive, toSeconds } from '@custody/domain'
import type { Appender } from '../appender.ts'
import type { Principal } from '../auth/principal.ts'
import { type Attempt, doOnce } from '../idempotency/idempotency.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
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
  /**
   * @throws CustodyError `file_not_found`, `hold_exists`, `too_many_holds`, `invalid_value`; `hold_not_found` where an
   * attempt is repeated whose hold was released
   */
  place(
    principal: Principal,
    id: string,
    hold: NewHold,
    asked: Asked & { readonly attempt?: Attempt | undefined },
  ): Promise<HoldView>
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
  async function find(
    principal: Principal,
    id: string,
    idAsSent: string,
  ): Promise<FileState> {
    const state = await lookUp(principal.project.id, id)
    if (state && isLive(state, clock() * 1000)) return state
    throw new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
      param: 'id',
    })
  }

  return {
    place: (principal, id, placed, { idAsSent, requestId, attempt }) =>
      doOnce(attempt, () => placed, {
        async work(once) {
          const { name, note, retainUntil = null } = placed
          const hold = ids.prefixed('hold_')
          const { events } = await appender.append(
            {
              type: 'HoldFile',
              file: id,
              idAsSent,
              hold,
              name,
              ...(note !== undefined && { note }),
              retainUntil,
            },
            { ...asking(principal, requestId), once },
          )
          const [event] = events
          if (!event) throw new TypeError('A hold led to no event')
          const createdAt = toSeconds(event.time)
          return { id: hold, name, note: note ?? null, createdAt, retainUntil }
        },
        async tell([event]) {
          const { holds } = await find(principal, id, idAsSent)
          const hold = holds.find(({ position }) => position === event?.position)
          if (hold) return toHoldView(hold)
          throw new CustodyError(
            'hold_not_found',
            'The hold that the first request with this Idempotency-Key placed was released since.',
            { param: 'hold' },
          )
        },
      }),

    list: async (principal, id, idAsSent) =>
      toHoldsView(await find(principal, id, idAsSent)),

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
