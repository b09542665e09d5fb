/** Tables of the projection `directory`: who there is. Times are microseconds, expiries Unix seconds. */
export type DirectoryTables = {
  projects: ProjectRow
  service_accounts: ServiceAccountRow
  api_keys: ApiKeyRow
}

export type ProjectRow = {
  id: string
  position: number
  version: number
  name: string | null
  dialect: string
  /** JSON. */
  limits: string
  created_at: number
  archived_at: number | null
}

export type ServiceAccountRow = {
  id: string
  position: number
  project: string
  version: number
  name: string | null
  /** JSON. */
  scopes: string
  created_at: number
  deleted_at: number | null
}

export type ApiKeyRow = {
  id: string
  position: number
  project: string
  version: number
  name: string | null
  account: string | null
  /** JSON. */
  scopes: string
  sha256: string | null
  redacted: string | null
  created_at: number
  expires_at: number | null
  uploads_per_minute: number | null
  revoked_at: number | null
}
