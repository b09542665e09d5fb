import { type Accepted, type Decision, events, refuse } from '../decision.ts'
import { type EventMap, isErased, type PlacedEvent } from '../events/event-map.ts'
import { type Micros, toSeconds } from '../log-time.ts'
import { type ProjectState, projectNotFound } from './project.ts'

/** A key as its events tell it. */
export type ApiKeyState = {
  readonly id: string
  readonly project: string
  readonly version: number
  readonly name: string | null
  /** The service account; null for the key that the configuration supplies. */
  readonly account: string | null
  readonly scopes: readonly string[]
  /** SHA-256 of the key in lower-case hex; null once revoked. */
  readonly sha256: string | null
  readonly redacted: string | null
  readonly createdAt: Micros
  /** Unix seconds. */
  readonly expiresAt: number | null
  /** Uploads that the key may begin in a minute; null: only the project's limit holds. */
  readonly uploadsPerMinute: number | null
  readonly revokedAt: Micros | null
  readonly position: number
}

/** Makes a key, of a service account or of the configuration. */
export type CreateApiKey = {
  readonly type: 'CreateApiKey'
  readonly id: string
  readonly name: string
  readonly account: string | null
  readonly scopes: readonly string[]
  readonly sha256: string
  readonly redacted: string
  /** Unix seconds. */
  readonly expiresAt: number | null
  readonly uploadsPerMinute?: number
}
/** Changes what is given. */
export type UpdateApiKey = {
  readonly type: 'UpdateApiKey'
  readonly id: string
  readonly scopes?: readonly string[]
  /** Unix seconds; null: it does not expire any more. */
  readonly expiresAt?: number | null
  /** null: it is not limited any more. */
  readonly uploadsPerMinute?: number | null
}
/** Ends a key at once. */
export type RevokeApiKey = {
  readonly type: 'RevokeApiKey'
  readonly id: string
  readonly reason: EventMap['ApiKeyRevoked']['data']['reason']
}

type KeyEvent = PlacedEvent<
  'ApiKeyCreated' | 'ApiKeyUpdated' | 'ApiKeyRevoked' | 'PrivateDataErased'
>

/** The state after one more event. */
export function evolveApiKey(state: ApiKeyState | null, event: KeyEvent): ApiKeyState {
  if (event.type === 'ApiKeyCreated') {
    const { personal, credential } = event.private
    return {
      id: event.stream,
      project: event.project,
      version: event.version,
      name: personal?.name ?? null,
      account: event.data.account,
      scopes: event.data.scopes,
      sha256: credential?.sha256 ?? null,
      redacted: credential?.redacted ?? null,
      createdAt: event.time,
      expiresAt: event.data.expires_at,
      uploadsPerMinute: event.data.uploads_per_minute ?? null,
      revokedAt: null,
      position: event.position,
    }
  }
  if (!state)
    throw new TypeError(`${event.type} of key ${event.stream}, which was never created`)
  if (event.type === 'ApiKeyRevoked') {
    return {
      ...state,
      version: event.version,
      revokedAt: event.time,
      sha256: null,
      redacted: null,
    }
  }
  if (event.type === 'PrivateDataErased') {
    const gone = (group: string) => isErased(event, state.position, group)
    return {
      ...state,
      version: event.version,
      ...(gone('personal') && { name: null }),
      ...(gone('credential') && { sha256: null, redacted: null }),
    }
  }
  const { scopes, expires_at, uploads_per_minute } = event.data
  return {
    ...state,
    version: event.version,
    scopes: scopes ?? state.scopes,
    expiresAt: expires_at === undefined ? state.expiresAt : expires_at,
    uploadsPerMinute:
      uploads_per_minute === undefined ? state.uploadsPerMinute : uploads_per_minute,
  }
}

/** A key opens doors until it is revoked or its expiry has passed. */
export function isKeyValid(
  key: Pick<ApiKeyState, 'revokedAt' | 'expiresAt'>,
  now: Micros,
): boolean {
  return (
    key.revokedAt === null && (key.expiresAt === null || toSeconds(now) < key.expiresAt)
  )
}

/** Refusals: `project_not_found`, `project_archived`, `service_account_not_found`. */
export function decideCreateApiKey(
  project: ProjectState | null,
  account: { readonly project: string; readonly deletedAt: Micros | null } | null,
  command: CreateApiKey & { readonly project: string },
): Decision {
  if (!project) return projectNotFound(command.project)
  if (project.archivedAt !== null)
    return refuse('project_archived', 'The project was archived.')
  if (
    command.account !== null &&
    (!account || account.project !== command.project || account.deletedAt !== null)
  ) {
    return refuse(
      'service_account_not_found',
      `No such Service Account object: ${command.account}`,
      { param: 'id' },
    )
  }
  return events({
    type: 'ApiKeyCreated',
    stream: command.id,
    after: 0,
    data: {
      account: command.account,
      scopes: command.scopes,
      expires_at: command.expiresAt,
      ...(command.uploadsPerMinute !== undefined && {
        uploads_per_minute: command.uploadsPerMinute,
      }),
    },
    private: {
      personal: { name: command.name },
      credential: { sha256: command.sha256, redacted: command.redacted },
    },
  })
}

/** A key that is revoked or expired stays as it is: another is made instead. */
export function decideUpdateApiKey(
  state: ApiKeyState | null,
  command: UpdateApiKey & { readonly project: string },
  now: Micros,
): Decision {
  if (!state || state.project !== command.project || !isKeyValid(state, now)) {
    return keyNotFound(command.id)
  }
  const { scopes, expiresAt, uploadsPerMinute } = command
  if (scopes === undefined && expiresAt === undefined && uploadsPerMinute === undefined) {
    return events()
  }
  return events({
    type: 'ApiKeyUpdated',
    stream: state.id,
    after: state.version,
    data: {
      ...(scopes !== undefined && { scopes }),
      ...(expiresAt !== undefined && { expires_at: expiresAt }),
      ...(uploadsPerMinute !== undefined && { uploads_per_minute: uploadsPerMinute }),
    },
  })
}

/** Refusal: `api_key_not_found`, also of a key that was revoked before. */
export function decideRevokeApiKey(
  state: ApiKeyState | null,
  command: RevokeApiKey & { readonly project: string },
): Decision {
  if (!state || state.project !== command.project || state.revokedAt !== null) {
    return keyNotFound(command.id)
  }
  return revocation(state, command.reason)
}

/** The end of a key, and of what was kept to recognise it. */
export function revocation(key: ApiKeyState, reason: RevokeApiKey['reason']): Accepted {
  const credential = { position: key.position, group: 'credential' }
  return {
    events: [
      { type: 'ApiKeyRevoked', stream: key.id, after: key.version, data: { reason } },
      {
        type: 'PrivateDataErased',
        stream: key.id,
        after: key.version + 1,
        data: { erased: [credential] },
      },
    ],
    erase: [credential],
  }
}

function keyNotFound(id: string): Decision {
  return refuse('api_key_not_found', `No such API Key object: ${id}`, { param: 'id' })
}
