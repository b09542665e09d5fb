import type { ProjectLimits } from '@custody/domain'
import type { Scope } from './auth/principal.ts'
import type { UploadPolicy } from './files/files.ts'
import type { Attempt } from './idempotency/idempotency.ts'

/** Who administers: goes into the event. */
export type AdminContext = {
  readonly actor: string
  /** `req_…`, made by us. */
  readonly requestId: string
  /** The request came with an Idempotency-Key. */
  readonly attempt?: Attempt | undefined
}

/** A page of a list in order of creation, oldest first. */
export type PageQuery = {
  /** 1..100. */
  readonly limit: number
  /** Id of the last item seen. One that has ended since is still a cursor. */
  readonly after?: string
}

export type Page<Item> = { readonly items: readonly Item[]; readonly hasMore: boolean }

export type ProjectView = {
  readonly id: string
  readonly name: string
  /** Unix seconds. */
  readonly createdAt: number
  /** Unix seconds, or null while it is active. */
  readonly archivedAt: number | null
  readonly dialect: string
  readonly limits: ProjectLimits
}

export type ServiceAccountView = {
  readonly id: string
  readonly name: string
  /** Unix seconds. */
  readonly createdAt: number
}

export type ApiKeyView = {
  readonly id: string
  readonly name: string
  /** Unix seconds. */
  readonly createdAt: number
  /** Unix seconds, or null when the key has not been used. Up to a minute of it is lost with a crash. */
  readonly lastUsedAt: number | null
  /** Unix seconds, or null when the key does not expire. */
  readonly expiresAt: number | null
  /** null: only the project's limit holds. */
  readonly uploadsPerMinute: number | null
  readonly scopes: readonly Scope[]
  /** Enough of the key to know it again, such as `sk-…abcd`. */
  readonly redactedValue: string
  /** Null for a key that no service account owns, such as one from the configuration. */
  readonly owner: ServiceAccountView | null
}

/** A key when it is made: the one time that its value is known. */
export type NewApiKey = {
  readonly id: string
  readonly name: string
  /** Unix seconds. */
  readonly createdAt: number
  /** Unix seconds, or null when the key does not expire. */
  readonly expiresAt: number | null
  readonly value: string
}

export type NewKeyOptions = {
  /** At least one. Absent: read, write and audit.read. */
  readonly scopes?: readonly Scope[]
  /** Absent: the key does not expire. */
  readonly expiresInSeconds?: number
  /** Uploads that the key may begin in a minute. Absent: only the project's limit holds. */
  readonly uploadsPerMinute?: number
}

/** What is absent stays as it is. */
export type KeyChanges = {
  /** At least one; they take the place of the former. */
  readonly scopes?: readonly Scope[]
  /** From now on. null: the key does not expire any more. */
  readonly expiresInSeconds?: number | null
  /** null: only the project's limit holds. */
  readonly uploadsPerMinute?: number | null
}

/** A durable consumer of the log: a plugin's reactions, or a webhook. */
export type ConsumerView = {
  readonly name: string
  readonly state: 'running' | 'stopped'
  /** Position of the last event that was handled, a decimal string. */
  readonly position: string
  /** Position of the event at which it stopped, or null while it runs. */
  readonly stoppedAt: string | null
  /** Why it stopped, or null while it runs. */
  readonly error: string | null
}

/**
 * Administration: projects, their service accounts and keys, and the consumers of the log. The caller has checked
 * that the admin key asks, and the shape and bounds of every value. Every refusal is a `CustodyError`.
 */
export interface AdminUseCases {
  /** Names of all purposes that plugins offer in a dialect of this policy, output purposes too. */
  purposes(policy: UploadPolicy): readonly string[]
  createProject(
    project: { name: string; dialect?: string; limits?: ProjectLimits },
    context: AdminContext,
  ): Promise<ProjectView>
  /** @throws CustodyError `project_not_found` */
  getProject(projectId: string): Promise<ProjectView>
  /** @throws CustodyError `cursor_not_found` */
  listProjects(
    query: PageQuery & { includeArchived: boolean },
  ): Promise<Page<ProjectView>>
  /**
   * Changes what is given and keeps the rest; `limits` are replaced as a whole.
   *
   * @throws CustodyError `project_not_found`, `project_archived`
   */
  updateProject(
    projectId: string,
    changes: { name?: string; dialect?: string; limits?: ProjectLimits },
    context: AdminContext,
  ): Promise<ProjectView>
  /** Its keys are refused from then on; archiving again changes nothing. @throws CustodyError `project_not_found` */
  archiveProject(projectId: string, context: AdminContext): Promise<ProjectView>

  /**
   * Makes a service account and, unless `withoutKey`, its first key.
   *
   * @throws CustodyError `project_not_found`, `project_archived`
   */
  createServiceAccount(
    projectId: string,
    account: NewKeyOptions & { name: string; withoutKey: boolean },
    context: AdminContext,
  ): Promise<{ account: ServiceAccountView; key: NewApiKey | null }>
  /** @throws CustodyError `project_not_found`, `service_account_not_found` */
  getServiceAccount(projectId: string, accountId: string): Promise<ServiceAccountView>
  /** @throws CustodyError `project_not_found`, `cursor_not_found` */
  listServiceAccounts(
    projectId: string,
    query: PageQuery,
  ): Promise<Page<ServiceAccountView>>
  /** @throws CustodyError `project_not_found`, `service_account_not_found` */
  updateServiceAccount(
    projectId: string,
    accountId: string,
    changes: { readonly name?: string },
    context: AdminContext,
  ): Promise<ServiceAccountView>
  /** Revokes its keys with it. @throws CustodyError `project_not_found`, `service_account_not_found` */
  deleteServiceAccount(
    projectId: string,
    accountId: string,
    context: AdminContext,
  ): Promise<void>

  /** @throws CustodyError `project_not_found`, `service_account_not_found`, `project_archived` */
  createApiKey(
    projectId: string,
    accountId: string,
    key: NewKeyOptions & { name?: string },
    context: AdminContext,
  ): Promise<NewApiKey>
  /** @throws CustodyError `project_not_found`, `api_key_not_found` */
  getApiKey(projectId: string, keyId: string): Promise<ApiKeyView>
  /** Keys that are neither revoked nor expired. @throws CustodyError `project_not_found`, `cursor_not_found` */
  listApiKeys(projectId: string, query: PageQuery): Promise<Page<ApiKeyView>>
  /** Holds from the next request with the key on. @throws CustodyError `project_not_found`, `api_key_not_found` */
  updateApiKey(
    projectId: string,
    keyId: string,
    changes: KeyChanges,
    context: AdminContext,
  ): Promise<ApiKeyView>
  /** Holds from the next request with the key on. @throws CustodyError `project_not_found`, `api_key_not_found` */
  revokeApiKey(projectId: string, keyId: string, context: AdminContext): Promise<void>

  listConsumers(): Promise<readonly ConsumerView[]>
  /** Goes on with the event at which it stopped. @throws CustodyError `consumer_not_found`, `consumer_not_stopped` */
  resumeConsumer(name: string, context: AdminContext): Promise<ConsumerView>
  /**
   * Passes over the event at which it stopped, which is an event of its own, and goes on. `position` must be that
   * event's, so that nobody skips another one than they looked at.
   *
   * @throws CustodyError `consumer_not_found`, `consumer_not_stopped`, `invalid_value`
   */
  skipEvent(name: string, position: string, context: AdminContext): Promise<ConsumerView>

  /** Looks for objects without an event, which go, and events without their object, which are reported. */
  sweep(options: {
    readonly dryRun: boolean
    readonly force: boolean
  }): Promise<SweepReport>
  listProjections(): Promise<readonly ProjectionView[]>
  /**
   * Begins to build a projection of the log anew, beside the live one, whose place it takes when it is done.
   *
   * @throws CustodyError `projection_not_found`
   */
  rebuild(projection: string, context: AdminContext): Promise<void>
}

/** Tables that say the same as the log. */
export type ProjectionView = {
  readonly name: string
  /** Of the tables that are read, such as `v1_2`. */
  readonly generation: string
  readonly state: 'live' | 'rebuilding'
  /** How many events the newest tables have taken in. */
  readonly events: { readonly done: number; readonly of: number }
  /** Erasures for which the rebuild began anew. */
  readonly restarts: number
}

/** What a sweep found: numbers of objects, and ids. */
export type SweepReport = {
  /** `too_many`: more than the larger of 1 % and 20 would go, so nothing was touched; `force` says otherwise. */
  readonly outcome: 'removed' | 'dry_run' | 'too_many'
  readonly objects: number
  /** Objects without an event that are older than 24 hours. */
  readonly orphans: number
  /** Objects without an event that are too young to judge. */
  readonly young: number
  readonly removed: number
  /** Extents that an event promises and the store does not have: at most 1,000 ids. */
  readonly missing: readonly string[]
}
