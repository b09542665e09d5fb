import { CustodyError, type DamageFinder } from '@custody/domain'
import type { AppendResult } from '@custody/event-log'
import type { Appender, Asking } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Stored bytes that are not those that were uploaded. */
export type Damage = {
  readonly project: string
  readonly file: string
  readonly extent: string
  /** The first segment that is not authentic, from 0; null: not known. */
  readonly segment: number | null
}

/** Writes down where stored bytes are damaged, and where they are whole again. */
export interface DamageLog {
  /**
   * Resolves when it is durable, or could not be written, which is logged: what was found is refused all the same. An event
   * that is there already is not written again.
   */
  found(damage: Damage, foundBy: DamageFinder): Promise<void>
  /** @throws whatever the log refuses it with */
  mark(damage: Damage, by: Omit<Asking, 'project'>): Promise<AppendResult>
  /** @throws whatever the log refuses it with */
  repaired(
    damage: Omit<Damage, 'segment'>,
    by: Omit<Asking, 'project'>,
  ): Promise<AppendResult>
}

export function createDamageLog(
  { ids, logger }: Pick<ServiceEnvironment, 'ids' | 'logger'>,
  appender: Pick<Appender, 'append'>,
): DamageLog {
  const mark = (
    { project, ...damage }: Damage,
    foundBy: DamageFinder,
    by: Omit<Asking, 'project'>,
  ) => appender.append({ type: 'MarkDamaged', ...damage, foundBy }, { project, ...by })

  return {
    async found(damage, foundBy) {
      const by = { actor: `system:${foundBy}`, requestId: ids.prefixed('req_') }
      try {
        await mark(damage, foundBy, by)
      } catch (error) {
        logger.error({ ...damage, err: error }, 'damage could not be written down')
      }
    },
    mark: (damage, by) => mark(damage, 'scrub', by),
    repaired: ({ project, file, extent }, by) =>
      appender.append({ type: 'MarkRepaired', file, extent }, { project, ...by }),
  }
}

/** Whether it says that stored bytes are not those that were uploaded. */
export function isDamage(error: unknown): error is CustodyError {
  return error instanceof CustodyError && error.key === 'content_damaged'
}

/** The segment that the error names, or null. */
export function segmentOf({ extra }: CustodyError): number | null {
  const segment = extra?.segment
  return typeof segment === 'number' && Number.isSafeInteger(segment) ? segment : null
}
