import { findApiKey, findFile, findServiceAccount, findUpload } from '@custody/file-index'
import type { Appender, Asking } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { ListedErasure } from './erasure-list.ts'

/**
 * Erases again what a log that was restored from a backup has once more. No hold protects it: when it was erased,
 * none did. A key that was revoked then is revoked again, since its hash would open doors otherwise.
 */
export async function repeatErasures(
  { log, ids, logger }: Pick<ServiceEnvironment, 'log' | 'ids' | 'logger'>,
  appender: Pick<Appender, 'append'>,
  missing: readonly ListedErasure[],
): Promise<void> {
  if (missing.length === 0) return
  const requestId = ids.prefixed('req_')

  /** An upload in parts that is pending in the backup would go on to say it. */
  async function hasEnded(upload: string): Promise<boolean> {
    return Boolean((await findUpload(log.reader.sql, upload))?.ended)
  }

  for (const { project, stream, groups } of missing) {
    const asking: Asking = { project, actor: 'system:erasure', requestId }
    const { sql } = log.reader
    const has = (group: string) => groups.some((one) => one.group === group)
    const file = await findFile(sql, stream)
    if (file && has('content')) {
      await appender.append(
        { type: 'EraseFile', file: stream, idAsSent: stream, again: true },
        asking,
      )
      continue
    }
    const key = file ? null : await findApiKey(sql, stream)
    if (key?.revokedAt === null && has('credential')) {
      await appender.append(
        { type: 'RevokeApiKey', id: stream, reason: 'request' },
        asking,
      )
    }
    const isKnown =
      file || key || (await findServiceAccount(sql, stream)) || (await hasEnded(stream))
    if (!isKnown) continue
    await appender.append({ type: 'ErasePrivate', stream, groups, again: true }, asking)
  }
  logger.warn(
    { erasures: missing.length },
    'the database is older than the list of erasures; they were applied again',
  )
}
