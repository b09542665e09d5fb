import { type Decision, events, refuse } from '../decision.ts'
import { quote } from '../errors/index.ts'
import type { PlacedEvent, ProjectLimits } from '../events/event-map.ts'
import type { Micros } from '../log-time.ts'

/** A project as its events tell it. */
export type ProjectState = {
  readonly id: string
  readonly version: number
  /** null once erased. */
  readonly name: string | null
  readonly dialect: string
  readonly limits: ProjectLimits
  readonly createdAt: Micros
  readonly archivedAt: Micros | null
  /** Position of its creation: the order of lists. */
  readonly position: number
}

/** Makes a project. */
export type CreateProject = {
  readonly type: 'CreateProject'
  readonly id: string
  readonly name: string
  readonly dialect: string
  readonly limits: ProjectLimits
}
/** Changes what is given; `limits` as a whole. */
export type UpdateProject = {
  readonly type: 'UpdateProject'
  readonly id: string
  readonly name?: string
  readonly dialect?: string
  readonly limits?: ProjectLimits
}
/** Ends all keys of a project. Nothing brings it back. */
export type ArchiveProject = { readonly type: 'ArchiveProject'; readonly id: string }

type ProjectEvent = PlacedEvent<'ProjectCreated' | 'ProjectUpdated' | 'ProjectArchived'>

/** The state after one more event. */
export function evolveProject(
  state: ProjectState | null,
  event: ProjectEvent,
): ProjectState {
  if (event.type === 'ProjectCreated') {
    return {
      id: event.stream,
      version: event.version,
      name: event.private.personal?.name ?? null,
      dialect: event.data.dialect,
      limits: event.data.limits,
      createdAt: event.time,
      archivedAt: null,
      position: event.position,
    }
  }
  if (!state)
    throw new TypeError(
      `${event.type} of project ${event.stream}, which was never created`,
    )
  if (event.type === 'ProjectArchived') {
    return { ...state, version: event.version, archivedAt: event.time }
  }
  return {
    ...state,
    version: event.version,
    name: event.private.personal?.name ?? state.name,
    dialect: event.data.dialect ?? state.dialect,
    limits: event.data.limits ?? state.limits,
  }
}

/** Refusal: `invalid_value` where the id is taken. */
export function decideCreateProject(
  state: ProjectState | null,
  command: CreateProject,
): Decision {
  if (state)
    return refuse('invalid_value', `Project ${quote(command.id)} exists.`, {
      param: 'id',
    })
  return events({
    type: 'ProjectCreated',
    stream: command.id,
    after: 0,
    data: { dialect: command.dialect, limits: command.limits },
    private: { personal: { name: command.name } },
  })
}

/** Refusals: `project_not_found`, `project_archived`. */
export function decideUpdateProject(
  state: ProjectState | null,
  command: UpdateProject,
): Decision {
  if (!state) return projectNotFound(command.id)
  if (state.archivedAt !== null)
    return refuse('project_archived', 'The project was archived.')
  const { name, dialect, limits } = command
  if (name === undefined && dialect === undefined && limits === undefined) return events()
  return events({
    type: 'ProjectUpdated',
    stream: command.id,
    after: state.version,
    data: {
      ...(dialect !== undefined && { dialect }),
      ...(limits !== undefined && { limits }),
    },
    ...(name !== undefined && { private: { personal: { name } } }),
  })
}

/** Refusal: `project_not_found`. A second time leads to nothing. */
export function decideArchiveProject(
  state: ProjectState | null,
  command: ArchiveProject,
): Decision {
  if (!state) return projectNotFound(command.id)
  if (state.archivedAt !== null) return events()
  return events({
    type: 'ProjectArchived',
    stream: command.id,
    after: state.version,
    data: {},
  })
}

export function projectNotFound(id: string): Decision {
  return refuse('project_not_found', `No such Project object: ${id}`, { param: 'id' })
}
