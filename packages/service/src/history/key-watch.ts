import { CustodyError, isKeyValid } from '@custody/domain'
import { findApiKey, findProject } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { Principal, Scope } from '../auth/principal.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** What one key may watch at once. */
const MAX_WATCHES = 256

const LOOK_EVERY_MS = 1_000

/** Tells when a key that stays in use after its request loses its right. */
export interface KeyWatch {
  /**
   * Calls `onLost` once when the key is revoked, expires, loses the scope, or its project is archived; at the latest a
   * second after it expired. Resolves to a function that ends the watch.
   *
   * @throws CustodyError `too_many_streams`
   */
  watch(principal: Principal, scope: Scope, onLost: () => void): Promise<() => void>
}

type Watched = {
  readonly keyId: string
  readonly project: string
  readonly scope: Scope
  /** Unix seconds. */
  expiresAt: number | null
  readonly onLost: () => void
}

export function createKeyWatch(
  { log, clock }: Pick<ServiceEnvironment, 'log' | 'clock'>,
  appender: Pick<Appender, 'onAppended' | 'onUnknown'>,
): KeyWatch {
  const byKey = new Map<string, Set<Watched>>()
  let looking: NodeJS.Timeout | undefined

  function forget(watched: Watched): void {
    const ofKey = byKey.get(watched.keyId)
    ofKey?.delete(watched)
    if (ofKey?.size === 0) byKey.delete(watched.keyId)
    if (byKey.size > 0) return
    clearInterval(looking)
    looking = undefined
  }

  function lose(watched: Watched): void {
    if (!byKey.get(watched.keyId)?.has(watched)) return
    forget(watched)
    watched.onLost()
  }

  /** Reads the key again, and lets go of those that it does not entitle any more. */
  async function look(keyId: string): Promise<void> {
    const key = await findApiKey(log.reader.sql, keyId)
    for (const watched of [...(byKey.get(keyId) ?? [])]) {
      const project = await findProject(log.reader.sql, watched.project)
      const isGood =
        key !== null &&
        isKeyValid(key, clock() * 1000) &&
        key.scopes.includes(watched.scope) &&
        project?.archivedAt === null
      if (isGood) watched.expiresAt = key.expiresAt
      else lose(watched)
    }
  }

  function lookAtExpiry(): void {
    const now = clock() * 1000
    for (const ofKey of [...byKey.values()]) {
      for (const watched of [...ofKey]) {
        if (!isKeyValid({ ...watched, revokedAt: null }, now)) lose(watched)
      }
    }
  }

  function lookAt(keys: Iterable<string>): void {
    for (const keyId of keys) {
      // A key that cannot be looked at is not trusted: its user asks again, and is told what is the matter.
      look(keyId).catch(() => {
        for (const watched of [...(byKey.get(keyId) ?? [])]) lose(watched)
      })
    }
  }

  appender.onAppended((events, project) => {
    if (byKey.size === 0) return
    for (const { type, stream } of events) {
      if (type === 'ProjectArchived') {
        lookAt([...byKey].filter(([, ofKey]) => isOf(ofKey, project)).map(([id]) => id))
      } else if (byKey.has(stream)) lookAt([stream])
    }
  })
  appender.onUnknown(() => lookAt([...byKey.keys()]))

  return {
    async watch({ keyId, project }, scope, onLost) {
      const ofKey = byKey.get(keyId) ?? new Set()
      if (ofKey.size >= MAX_WATCHES) {
        throw new CustodyError(
          'too_many_streams',
          `This key has ${ofKey.size} streams open; at most ${MAX_WATCHES} at once are served.`,
          { headers: { 'retry-after': '5' } },
        )
      }
      const watched = { keyId, project: project.id, scope, expiresAt: null, onLost }
      byKey.set(keyId, ofKey.add(watched))
      looking ??= setInterval(lookAtExpiry, LOOK_EVERY_MS).unref()
      // It may have been revoked since its request was let in.
      await look(keyId).catch((error: unknown) => {
        forget(watched)
        throw error
      })
      return () => forget(watched)
    },
  }
}

function isOf(watched: ReadonlySet<Watched>, project: string): boolean {
  for (const one of watched) if (one.project === project) return true
  return false
}
