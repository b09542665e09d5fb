import { type Decision, events, refuse } from '../decision.ts'
import type { ProjectState } from '../directory/project.ts'
import { projectNotFound } from '../directory/project.ts'
import type { EventMap, PlacedEvent } from '../events/event-map.ts'
import type { Micros } from '../log-time.ts'

/** Webhooks that one project can have. */
export const MAX_WEBHOOKS = 20

/** A webhook as its events tell it. */
export type WebhookState = {
  readonly id: string
  readonly project: string
  readonly version: number
  /** null once erased. */
  readonly url: string | null
  readonly description: string | null
  /** Position of the event that the URL is of. */
  readonly urlFrom: number
  /** Likewise. */
  readonly descriptionFrom: number
  /** Names of events, such as `file.uploaded`; `*`: all. */
  readonly events: readonly string[]
  /** Id of the secret that signs. */
  readonly secret: string
  readonly createdAt: Micros
  /** null while it is enabled. */
  readonly disabledAt: Micros | null
  readonly disabledReason: DisabledReason | null
  readonly deletedAt: Micros | null
  readonly position: number
}

/** `request`: the project wanted it; `failing`: a day of failures; `gone`: the receiver answered 410. */
export type DisabledReason = EventMap['WebhookDisabled']['data']['reason']

/** Makes a webhook; its secret is stored beside the log. */
export type CreateWebhook = {
  readonly type: 'CreateWebhook'
  readonly id: string
  readonly url: string
  readonly description?: string
  readonly events: readonly string[]
  readonly secret: string
}
/** Changes what is given. */
export type UpdateWebhook = {
  readonly type: 'UpdateWebhook'
  readonly id: string
  readonly url?: string
  /** null: none any more. */
  readonly description?: string | null
  readonly events?: readonly string[]
  readonly enabled?: boolean
}
/** Has another secret sign; the former one signs as well for a while. */
export type RotateWebhookSecret = {
  readonly type: 'RotateWebhookSecret'
  readonly id: string
  /** Id of the new secret. */
  readonly secret: string
  /** Unix seconds until which the former ones sign as well. */
  readonly formerUntil: number
}
/** Ends a webhook. */
export type DeleteWebhook = { readonly type: 'DeleteWebhook'; readonly id: string }

type WebhookEvent = PlacedEvent<
  | 'WebhookCreated'
  | 'WebhookUpdated'
  | 'WebhookDisabled'
  | 'WebhookDeleted'
  | 'PrivateDataErased'
>

/** The state after one more event. */
export function evolveWebhook(
  state: WebhookState | null,
  event: WebhookEvent,
): WebhookState {
  if (event.type === 'WebhookCreated') {
    return {
      id: event.stream,
      project: event.project,
      version: event.version,
      url: event.private.personal?.url ?? null,
      description: event.private.personal?.description ?? null,
      urlFrom: event.position,
      descriptionFrom: event.position,
      events: event.data.events,
      secret: event.data.secret,
      createdAt: event.time,
      disabledAt: null,
      disabledReason: null,
      deletedAt: null,
      position: event.position,
    }
  }
  if (!state) {
    throw new TypeError(
      `${event.type} of webhook ${event.stream}, which was never created`,
    )
  }
  const next = { ...state, version: event.version }
  switch (event.type) {
    case 'WebhookDisabled':
      return { ...next, disabledAt: event.time, disabledReason: event.data.reason }
    case 'WebhookDeleted':
      return { ...next, deletedAt: event.time }
    case 'PrivateDataErased': {
      // A replay does not see what was erased, nor what it replaced: only nothing at all is the same for both.
      const { position } = state
      return {
        ...next,
        url: null,
        urlFrom: position,
        description: null,
        descriptionFrom: position,
      }
    }
    case 'WebhookUpdated': {
      const { data } = event
      const { url, description } = event.private.personal ?? {}
      return {
        ...next,
        ...(url !== undefined && { url, urlFrom: event.position }),
        ...(description !== undefined && {
          description,
          descriptionFrom: event.position,
        }),
        events: data.events ?? state.events,
        secret: data.secret ?? state.secret,
        ...(data.enabled && { disabledAt: null, disabledReason: null }),
      }
    }
  }
}

/** `count`: webhooks that the project has. */
export function decideCreateWebhook(
  project: ProjectState | null,
  count: number,
  command: CreateWebhook & { readonly project: string },
): Decision {
  if (!project) return projectNotFound(command.project)
  if (project.archivedAt !== null)
    return refuse('project_archived', 'The project was archived.')
  if (count >= MAX_WEBHOOKS) {
    return refuse(
      'too_many_webhooks',
      `The project has ${count} webhooks; at most ${MAX_WEBHOOKS} are allowed.`,
    )
  }
  const { url, description } = command
  return events({
    type: 'WebhookCreated',
    stream: command.id,
    after: 0,
    data: { events: command.events, secret: command.secret },
    private: { personal: { url, ...(description !== undefined && { description }) } },
  })
}

/** Refusal: `webhook_not_found`. What changes nothing leads to nothing. */
export function decideUpdateWebhook(
  state: WebhookState | null,
  command: UpdateWebhook & { readonly project: string },
): Decision {
  if (!isThere(state, command.project)) return webhookNotFound(command.id)
  const { url, description } = command
  const enabled = command.enabled === true && state.disabledAt !== null
  const personal = {
    ...(url !== undefined && { url }),
    ...(description !== undefined && { description }),
  }
  const isPersonal = Object.keys(personal).length > 0
  const updated = isPersonal || command.events !== undefined || enabled
  const disabled = command.enabled === false && state.disabledAt === null
  return events(
    ...(updated
      ? [
          {
            type: 'WebhookUpdated' as const,
            stream: state.id,
            after: state.version,
            data: {
              ...(command.events !== undefined && { events: command.events }),
              ...(enabled && { enabled }),
            },
            ...(isPersonal && { private: { personal } }),
          },
        ]
      : []),
    ...(disabled ? [disabling(state, 'request', updated ? 1 : 0)] : []),
  )
}

/** Refusal: `webhook_not_found`. */
export function decideRotateWebhookSecret(
  state: WebhookState | null,
  command: RotateWebhookSecret & { readonly project: string },
): Decision {
  if (!isThere(state, command.project)) return webhookNotFound(command.id)
  return events({
    type: 'WebhookUpdated',
    stream: state.id,
    after: state.version,
    data: { secret: command.secret, former_until: command.formerUntil },
  })
}

/** Deliveries have failed for too long. `version`: of the webhook that they failed with; a changed one gets its chance. */
export function decideDisableWebhook(
  state: WebhookState | null,
  command: { readonly version: number; readonly reason: DisabledReason },
): Decision {
  const isSame = state?.version === command.version && state.deletedAt === null
  if (!isSame || state.disabledAt !== null) return events()
  return events(disabling(state, command.reason, 0))
}

/** Refusal: `webhook_not_found`. */
export function decideDeleteWebhook(
  state: WebhookState | null,
  command: DeleteWebhook & { readonly project: string },
): Decision {
  if (!isThere(state, command.project)) return webhookNotFound(command.id)
  return events({
    type: 'WebhookDeleted',
    stream: state.id,
    after: state.version,
    data: {},
  })
}

function disabling(state: WebhookState, reason: DisabledReason, later: number) {
  return {
    type: 'WebhookDisabled' as const,
    stream: state.id,
    after: state.version + later,
    data: { reason },
  }
}

function isThere(state: WebhookState | null, project: string): state is WebhookState {
  return state !== null && state.project === project && state.deletedAt === null
}

function webhookNotFound(id: string): Decision {
  return refuse('webhook_not_found', `No such Webhook object: ${id}`, { param: 'id' })
}
