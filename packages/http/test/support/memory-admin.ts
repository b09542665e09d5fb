import { CustodyError, type ErrorKey } from '@custody/domain/errors'
import type {
  AdminUseCases,
  ApiKeyView,
  ConsumerView,
  Page,
  PageQuery,
  ProjectionView,
  ProjectView,
  ServiceAccountView,
  SweepReport,
} from '@custody/service'

const createdAt = 1_700_000_000

/** Administration over memory: keeps what it is told, so that a test sees what the HTTP layer made of a request. */
export class MemoryAdmin implements AdminUseCases {
  readonly projects: ProjectView[] = []
  readonly accounts: ServiceAccountView[] = []
  readonly keys: ApiKeyView[] = []
  readonly consumers: ConsumerView[] = [
    {
      name: 'plugin-x',
      state: 'stopped',
      position: '6',
      stoppedAt: '7',
      error: 'TypeError: no',
    },
  ]
  /** Arguments of the calls that change something, without the context. */
  readonly calls: unknown[] = []
  /** Who changed something last. */
  actor = ''

  purposes(): readonly string[] {
    return ['batch', 'batch_output', 'user_data']
  }

  async createProject(
    project: Parameters<AdminUseCases['createProject']>[0],
    { actor }: { actor: string },
  ): Promise<ProjectView> {
    this.#note(actor, project)
    const made: ProjectView = {
      id: `proj_${this.projects.length}`,
      name: project.name,
      createdAt,
      archivedAt: null,
      dialect: project.dialect ?? 'openai',
      limits: project.limits ?? {},
    }
    this.projects.push(made)
    return made
  }

  async getProject(id: string): Promise<ProjectView> {
    return found(this.projects, id, 'project_not_found')
  }

  async listProjects(query: PageQuery & { includeArchived: boolean }) {
    const shown = this.projects.filter(
      (p) => query.includeArchived || p.archivedAt === null,
    )
    return page(shown, query)
  }

  async updateProject(
    id: string,
    changes: Parameters<AdminUseCases['updateProject']>[1],
    { actor }: { actor: string },
  ): Promise<ProjectView> {
    this.#note(actor, changes)
    return { ...(await this.getProject(id)), ...changes }
  }

  async archiveProject(id: string): Promise<ProjectView> {
    const index = this.projects.findIndex((project) => project.id === id)
    const archived = { ...(await this.getProject(id)), archivedAt: createdAt + 1 }
    this.projects[index] = archived
    return archived
  }

  async createServiceAccount(
    _project: string,
    account: Parameters<AdminUseCases['createServiceAccount']>[1],
    { actor }: { actor: string },
  ): ReturnType<AdminUseCases['createServiceAccount']> {
    this.#note(actor, account)
    const made = { id: `svc_${this.accounts.length}`, name: account.name, createdAt }
    this.accounts.push(made)
    return {
      account: made,
      key: account.withoutKey ? null : this.#key('Secret Key', made),
    }
  }

  async getServiceAccount(_project: string, id: string): Promise<ServiceAccountView> {
    return found(this.accounts, id, 'service_account_not_found')
  }

  async listServiceAccounts(_project: string, query: PageQuery) {
    return page(this.accounts, query)
  }

  async updateServiceAccount(_project: string, id: string): Promise<ServiceAccountView> {
    return found(this.accounts, id, 'service_account_not_found')
  }

  async deleteServiceAccount(_project: string, id: string): Promise<void> {
    found(this.accounts, id, 'service_account_not_found')
  }

  async createApiKey(
    _project: string,
    account: string,
    key: Parameters<AdminUseCases['createApiKey']>[2],
    { actor }: { actor: string },
  ) {
    this.#note(actor, key)
    const owner = found(this.accounts, account, 'service_account_not_found')
    return this.#key(key.name ?? 'Secret Key', owner)
  }

  async getApiKey(_project: string, id: string): Promise<ApiKeyView> {
    return found(this.keys, id, 'api_key_not_found')
  }

  async listApiKeys(_project: string, query: PageQuery) {
    return page(this.keys, query)
  }

  async updateApiKey(
    _project: string,
    id: string,
    changes: Parameters<AdminUseCases['updateApiKey']>[2],
    { actor }: { actor: string },
  ): Promise<ApiKeyView> {
    this.#note(actor, changes)
    return found(this.keys, id, 'api_key_not_found')
  }

  async revokeApiKey(_project: string, id: string): Promise<void> {
    found(this.keys, id, 'api_key_not_found')
  }

  async listConsumers(): Promise<readonly ConsumerView[]> {
    return this.consumers
  }

  async resumeConsumer(name: string): Promise<ConsumerView> {
    this.calls.push({ resume: name })
    return this.#consumer(name)
  }

  async skipEvent(name: string, position: string): Promise<ConsumerView> {
    this.calls.push({ skip: name, position })
    return this.#consumer(name)
  }

  async sweep(options: { dryRun: boolean; force: boolean }): Promise<SweepReport> {
    this.calls.push({ sweep: options })
    const outcome = options.dryRun ? 'dry_run' : 'removed'
    return { outcome, objects: 3, orphans: 1, young: 1, removed: 0, missing: [] }
  }

  async listProjections(): Promise<readonly ProjectionView[]> {
    const live = { generation: 'v1', state: 'live', restarts: 0 } as const
    return [
      { ...live, name: 'directory', events: { done: 9, of: 9 } },
      {
        name: 'files',
        generation: 'v1_2',
        state: 'rebuilding',
        events: { done: 4, of: 9 },
        restarts: 1,
      },
    ]
  }

  async rebuild(name: string): Promise<void> {
    this.calls.push({ rebuild: name })
  }

  #consumer(name: string): ConsumerView {
    const consumer = this.consumers.find((one) => one.name === name)
    if (consumer === undefined) throw new CustodyError('consumer_not_found', `No ${name}`)
    return { ...consumer, state: 'running', stoppedAt: null, error: null }
  }

  #key(name: string, owner: ServiceAccountView) {
    const key = { id: `key_${this.keys.length}`, name, createdAt, expiresAt: null }
    const scopes = ['api.files.read'] as const
    this.keys.push({
      ...key,
      owner,
      scopes,
      lastUsedAt: null,
      redactedValue: 'sk-...',
      uploadsPerMinute: null,
    })
    return { ...key, value: 'sk-secret' }
  }

  #note(actor: string, call: unknown): void {
    this.actor = actor
    this.calls.push(call)
  }
}

function found<Item extends { id: string }>(
  items: readonly Item[],
  id: string,
  key: ErrorKey,
): Item {
  const item = items.find((one) => one.id === id)
  if (item === undefined) throw new CustodyError(key, `No such object: ${id}`)
  return item
}

function page<Item extends { id: string }>(
  items: readonly Item[],
  { limit, after }: PageQuery,
): Page<Item> {
  const from = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1
  return { items: items.slice(from, from + limit), hasMore: items.length > from + limit }
}
