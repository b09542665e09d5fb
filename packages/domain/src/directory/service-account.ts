import { type Decision, events, refuse } from '../decision.ts'
import type { PlacedEvent } from '../events/event-map.ts'
import type { Micros } from '../log-time.ts'
import type { ApiKeyState } from './api-key.ts'
import { revocation } from './api-key.ts'
import { type ProjectState, projectNotFound } from './project.ts'

/** A service account, which owns keys, as its events tell it. */
export type ServiceAccountState = {
  readonly id: string
  readonly project: string
  readonly version: number
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly createdAt: Micros
  readonly deletedAt: Micros | null
  readonly position: number
}

/** Makes a service account. */
export type CreateServiceAccount = {
  readonly type: 'CreateServiceAccount'
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  /** The first key of the account, made with it. */
  readonly key?: {
    readonly id: string
    readonly name: string
    readonly sha256: string
    readonly redacted: string
    readonly expiresAt: number | null
    readonly uploadsPerMinute?: number
  }
}
export type UpdateServiceAccount = {
  readonly type: 'UpdateServiceAccount'
  readonly id: string
  readonly name?: string
}
/** Ends an account and its keys. */
export type DeleteServiceAccount = {
  readonly type: 'DeleteServiceAccount'
  readonly id: string
}

type AccountEvent = PlacedEvent<
  | 'ServiceAccountCreated'
  | 'ServiceAccountUpdated'
  | 'ServiceAccountDeleted'
  | 'PrivateDataErased'
>

/** The state after one more event. */
export function evolveServiceAccount(
  state: ServiceAccountState | null,
  event: AccountEvent,
): ServiceAccountState {
  if (event.type === 'ServiceAccountCreated') {
    return {
      id: event.stream,
      project: event.project,
      version: event.version,
      name: event.private.personal?.name ?? null,
      scopes: event.data.scopes,
      createdAt: event.time,
      deletedAt: null,
      position: event.position,
    }
  }
  if (!state)
    throw new TypeError(
      `${event.type} of account ${event.stream}, which was never created`,
    )
  const { version } = event
  if (event.type === 'PrivateDataErased') {
    // All names that it has had go at once
    const isNameErased = event.data.erased.some(({ group }) => group === 'personal')
    return isNameErased ? { ...state, version, name: null } : { ...state, version }
  }
  if (event.type === 'ServiceAccountUpdated') {
    return { ...state, version, name: event.private.personal?.name ?? null }
  }
  return { ...state, version, deletedAt: event.time }
}

/** Refusals: `project_not_found`, `project_archived`. */
export function decideCreateServiceAccount(
  project: ProjectState | null,
  command: CreateServiceAccount & { readonly project: string },
): Decision {
  if (!project) return projectNotFound(command.project)
  if (project.archivedAt !== null)
    return refuse('project_archived', 'The project was archived.')
  const { key } = command
  return events(
    {
      type: 'ServiceAccountCreated',
      stream: command.id,
      after: 0,
      data: { scopes: command.scopes },
      private: { personal: { name: command.name } },
    },
    ...(key
      ? [
          {
            type: 'ApiKeyCreated' as const,
            stream: key.id,
            after: 0,
            data: {
              account: command.id,
              scopes: command.scopes,
              expires_at: key.expiresAt,
              ...(key.uploadsPerMinute !== undefined && {
                uploads_per_minute: key.uploadsPerMinute,
              }),
            },
            private: {
              personal: { name: key.name },
              credential: { sha256: key.sha256, redacted: key.redacted },
            },
          },
        ]
      : []),
  )
}

/** What is not given stays. */
export function decideUpdateServiceAccount(
  state: ServiceAccountState | null,
  command: UpdateServiceAccount & { readonly project: string },
): Decision {
  if (!state || state.project !== command.project || state.deletedAt !== null) {
    return accountNotFound(command.id)
  }
  const { name } = command
  if (name === undefined || name === state.name) return events()
  return events({
    type: 'ServiceAccountUpdated',
    stream: state.id,
    after: state.version,
    data: {},
    private: { personal: { name } },
  })
}

/** `keys`: the account's keys that are not revoked; they end with it. */
export function decideDeleteServiceAccount(
  state: ServiceAccountState | null,
  keys: readonly ApiKeyState[],
  command: DeleteServiceAccount & { readonly project: string },
): Decision {
  if (!state || state.project !== command.project || state.deletedAt !== null) {
    return accountNotFound(command.id)
  }
  const revoked = keys.map((key) => revocation(key, 'account_deleted'))
  return {
    events: [
      ...revoked.flatMap((one) => one.events),
      { type: 'ServiceAccountDeleted', stream: state.id, after: state.version, data: {} },
    ],
    erase: revoked.flatMap((one) => one.erase ?? []),
  }
}

function accountNotFound(id: string): Decision {
  return refuse('service_account_not_found', `No such Service Account object: ${id}`, {
    param: 'id',
  })
}
