import { SYSTEM_PROJECT } from '@custody/domain'
import { findKeyUse } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Keys whose use is written with one command. */
const AT_ONCE = 1000

/** When each key was last used: in memory, and written down now and then. A crash forgets what was not. */
export interface KeyUses {
  /** `now`: Unix milliseconds. */
  note(keyId: string, now: number): void
  /** Unix seconds, or null for a key that nobody has used. */
  lastUse(keyId: string): Promise<number | null>
  /** Writes down what is new. Rejects when that fails; it is tried again with the next. */
  flush(): Promise<void>
}

export function createKeyUses(
  { log, ids }: Pick<ServiceEnvironment, 'log' | 'ids'>,
  appender: Pick<Appender, 'append'>,
): KeyUses {
  let fresh = new Map<string, number>()
  let writing = new Map<string, number>()

  return {
    note: (keyId, now) => void fresh.set(keyId, now),

    async lastUse(keyId) {
      const known = fresh.get(keyId) ?? writing.get(keyId)
      return known === undefined
        ? await findKeyUse(log.reader.sql, keyId)
        : Math.floor(known / 1000)
    },

    async flush() {
      if (fresh.size === 0) return
      writing = fresh
      fresh = new Map()
      const uses = [...writing].map(([key, at]) => ({
        key,
        last_used_at: Math.floor(at / 1000),
      }))
      try {
        for (let from = 0; from < uses.length; from += AT_ONCE) {
          await appender.append(
            { type: 'RecordKeyUses', uses: uses.slice(from, from + AT_ONCE) },
            {
              project: SYSTEM_PROJECT,
              actor: 'system:keys',
              requestId: ids.prefixed('req_'),
            },
          )
        }
      } catch (error) {
        for (const [key, at] of writing) if (!fresh.has(key)) fresh.set(key, at)
        throw error
      } finally {
        writing = new Map()
      }
    },
  }
}
