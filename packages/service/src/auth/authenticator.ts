import { timingSafeEqual } from 'node:crypto'
import { type ApiKeyState, isKeyValid, type ProjectState } from '@custody/domain'
import type { MaybePromise } from '@custody/event-log'
import { findApiKeyByHash, findProject } from '@custody/file-index'
import { LRUCache } from 'lru-cache'
import type { Appender } from '../appender.ts'
import { ALL_SCOPES, type ServiceEnvironment } from '../service-environment.ts'
import { hashKey } from './key-secret.ts'
import type { KeyUses } from './key-uses.ts'
import type { Authentication, Principal, Scope } from './principal.ts'

type Known = {
  readonly key: ApiKeyState
  readonly dialect: string
  /** null where the project was archived. */
  readonly principal: Principal | null
}

/** Keys that are remembered between requests; the cache is emptied when any key or project changes. */
const CACHED_KEYS = 10_000

/**
 * Of keys that were used since the start, by hash: the project that each belongs to. What would tell it of a key that
 * was revoked is erased from the log, and yet the refusal is to come in the project's dialect.
 */
const REMEMBERED_KEYS = 10_000

/** Tells who a key belongs to. `adminHashes`: SHA-256 of the admin keys, lower-case hex. */
export function createAuthenticator(
  { log, clock }: Pick<ServiceEnvironment, 'log' | 'clock'>,
  appender: Pick<Appender, 'onAppended' | 'onUnknown'>,
  uses: Pick<KeyUses, 'note'>,
  adminHashes: readonly string[],
): (token: string) => MaybePromise<Authentication> {
  const cache = new Map<string, Known>()
  const projectOf = new LRUCache<string, string>({ max: REMEMBERED_KEYS })
  let changes = 0

  function forget(): void {
    cache.clear()
    changes += 1
  }
  appender.onAppended((events) => {
    if (events.some(({ type }) => !type.startsWith('File'))) forget()
  })
  appender.onUnknown(forget)

  function answer(known: Known): Authentication {
    const now = clock()
    if (known.principal && isKeyValid(known.key, now * 1000)) {
      uses.note(known.key.id, now)
      return { kind: 'project', principal: known.principal }
    }
    return { kind: 'refused', dialect: known.dialect }
  }

  async function lookUp(sha256: string): Promise<Authentication> {
    const { sql } = log.reader
    const before = changes
    const key = await findApiKeyByHash(sql, sha256)
    if (!key?.sha256 || !sameHash(key.sha256, sha256)) {
      const former = projectOf.get(sha256)
      const project = former === undefined ? null : await findProject(sql, former)
      return { kind: 'refused', ...(project && { dialect: project.dialect }) }
    }
    const project = await findProject(sql, key.project)
    if (!project) return { kind: 'refused' }
    projectOf.set(sha256, project.id)
    const known = { key, dialect: project.dialect, principal: toPrincipal(key, project) }
    // A key that was revoked between the question and the answer would be remembered as good.
    if (changes === before) {
      if (cache.size >= CACHED_KEYS) cache.clear()
      cache.set(sha256, known)
    }
    return answer(known)
  }

  return (token) => {
    const sha256 = hashKey(token)
    const known = cache.get(sha256)
    if (known) return answer(known)
    if (adminHashes.some((admin) => sameHash(admin, sha256))) {
      return { kind: 'admin', actor: 'admin' }
    }
    return lookUp(sha256)
  }
}

function toPrincipal(key: ApiKeyState, project: ProjectState): Principal | null {
  if (project.archivedAt !== null) return null
  return {
    keyId: key.id,
    actor: `key:${key.id}`,
    scopes: new Set(key.scopes.filter(isScope)),
    ...(key.uploadsPerMinute !== null && { uploadsPerMinute: key.uploadsPerMinute }),
    project: { id: project.id, dialect: project.dialect, limits: project.limits },
  }
}

function isScope(text: string): text is Scope {
  return (ALL_SCOPES as readonly string[]).includes(text)
}

function sameHash(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'))
}
