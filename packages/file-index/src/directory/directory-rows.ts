import type { ApiKeyState, ProjectState, ServiceAccountState } from '@custody/domain'
import { canonicalJson } from '@custody/transparency'
import type { ApiKeyRow, ProjectRow, ServiceAccountRow } from './directory-tables.ts'

export function toProjectRow(state: ProjectState): ProjectRow {
  return {
    id: state.id,
    position: state.position,
    version: state.version,
    name: state.name,
    dialect: state.dialect,
    limits: canonicalJson(state.limits),
    created_at: state.createdAt,
    archived_at: state.archivedAt,
  }
}

export function toProjectState(row: ProjectRow): ProjectState {
  return {
    id: row.id,
    position: row.position,
    version: row.version,
    name: row.name,
    dialect: row.dialect,
    limits: JSON.parse(row.limits),
    createdAt: row.created_at,
    archivedAt: row.archived_at,
  }
}

export function toServiceAccountRow(state: ServiceAccountState): ServiceAccountRow {
  return {
    id: state.id,
    position: state.position,
    project: state.project,
    version: state.version,
    name: state.name,
    scopes: canonicalJson(state.scopes),
    created_at: state.createdAt,
    deleted_at: state.deletedAt,
  }
}

export function toServiceAccountState(row: ServiceAccountRow): ServiceAccountState {
  return {
    id: row.id,
    position: row.position,
    project: row.project,
    version: row.version,
    name: row.name,
    scopes: JSON.parse(row.scopes),
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
  }
}

export function toApiKeyRow(state: ApiKeyState): ApiKeyRow {
  return {
    id: state.id,
    position: state.position,
    project: state.project,
    version: state.version,
    name: state.name,
    account: state.account,
    scopes: canonicalJson(state.scopes),
    sha256: state.sha256,
    redacted: state.redacted,
    created_at: state.createdAt,
    expires_at: state.expiresAt,
    uploads_per_minute: state.uploadsPerMinute,
    revoked_at: state.revokedAt,
  }
}

export function toApiKeyState(row: ApiKeyRow): ApiKeyState {
  return {
    id: row.id,
    position: row.position,
    project: row.project,
    version: row.version,
    name: row.name,
    account: row.account,
    scopes: JSON.parse(row.scopes),
    sha256: row.sha256,
    redacted: row.redacted,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    uploadsPerMinute: row.uploads_per_minute,
    revokedAt: row.revoked_at,
  }
}
