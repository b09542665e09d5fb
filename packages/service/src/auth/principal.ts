import type { ProjectLimits } from '@custody/domain'

/** What a key may do. `inference` is understood in requests as read and write. */
export type Scope =
  | 'api.files.read'
  | 'api.files.write'
  | 'api.files.write_output'
  | 'api.files.hold'
  | 'api.files.erase'
  | 'api.audit.read'
  | 'api.webhooks.write'

/** Who asks: one API key of one project. */
export type Principal = {
  readonly keyId: string
  /** `key:<id>`, as events record it. */
  readonly actor: string
  readonly scopes: ReadonlySet<Scope>
  /** Uploads that the key may begin in a minute. Absent: only the project's limit holds. */
  readonly uploadsPerMinute?: number
  readonly project: {
    readonly id: string
    readonly dialect: string
    readonly limits: ProjectLimits
  }
}

/**
 * Outcome of looking a key up. `project` is set when the key is known but revoked or expired, so that the
 * refusal can be told in that project's dialect.
 */
export type Authentication =
  | { readonly kind: 'project'; readonly principal: Principal }
  | { readonly kind: 'admin'; readonly actor: string }
  | { readonly kind: 'refused'; readonly dialect?: string }
