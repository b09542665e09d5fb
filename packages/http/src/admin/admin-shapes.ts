import type {
  ApiKeyView,
  ConsumerView,
  NewApiKey,
  Page,
  ProjectionView,
  ProjectView,
  ServiceAccountView,
} from '@custody/service'

type Presented = { readonly id: string } & Readonly<Record<string, unknown>>

/**
 * What the administration answers: the objects of OpenAI's organization API, with our `dialect`, `limits`, `scopes`
 * and `uploads_per_minute`.
 *
 * @see https://platform.openai.com/docs/api-reference/projects
 */
export function presentProject(project: ProjectView): Presented {
  return {
    id: project.id,
    object: 'organization.project',
    name: project.name,
    created_at: project.createdAt,
    archived_at: project.archivedAt,
    status: project.archivedAt === null ? 'active' : 'archived',
    dialect: project.dialect,
    limits: project.limits,
  }
}

export function presentServiceAccount(account: ServiceAccountView): Presented {
  return {
    id: account.id,
    object: 'organization.project.service_account',
    name: account.name,
    role: 'member',
    created_at: account.createdAt,
  }
}

export function presentNewKey(key: NewApiKey): object {
  return {
    id: key.id,
    object: 'organization.project.service_account.api_key',
    name: key.name,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    value: key.value,
  }
}

export function presentApiKey(key: ApiKeyView): Presented {
  const owner =
    key.owner === null
      ? undefined
      : {
          id: key.owner.id,
          name: key.owner.name,
          role: 'member',
          created_at: key.owner.createdAt,
        }
  return {
    id: key.id,
    object: 'organization.project.api_key',
    name: key.name,
    redacted_value: key.redactedValue,
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
    expires_at: key.expiresAt,
    owner: { type: 'service_account', ...(owner && { service_account: owner }) },
    owner_project_access: 'active',
    scopes: key.scopes,
    uploads_per_minute: key.uploadsPerMinute,
  }
}

export function presentConsumer(consumer: ConsumerView): Presented {
  return {
    id: consumer.name,
    object: 'consumer',
    name: consumer.name,
    state: consumer.state,
    position: consumer.position,
    stopped_at: consumer.stoppedAt,
    error: consumer.error,
  }
}

export function presentProjection(projection: ProjectionView): Presented {
  return {
    id: projection.name,
    object: 'projection',
    generation: projection.generation,
    state: projection.state,
    events: projection.events,
    restarts: projection.restarts,
  }
}

/** A list page. The SDK takes `last_id` as its next `after`, and stops without it. */
export function presentPage<Item>(
  { items, hasMore }: Page<Item>,
  present: (item: Item) => Presented,
): object {
  const data = items.map(present)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  }
}
