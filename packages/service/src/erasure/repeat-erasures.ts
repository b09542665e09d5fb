import { CustodyError, type Erasure } from '@custody/domain'
import {
  findApiKey,
  findFile,
  findServiceAccount,
  findUpload,
  findWebhook,
} from '@custody/file-index'
import type { Appender, Asking } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { ListedErasure } from './erasure-list.ts'

/**
 * Erases again what a log that was restored from a backup has once more. No hold protects it: when it was erased,
 * none did. A key that was revoked then is revoked again, since its hash would open doors otherwise. An upload in parts
 * that is pending once more, and of which or of whose file something was erased, ends.
 *
 * @returns uploads that ended here, whose parts are to be destroyed
 */
export async function repeatErasures(
  { log, ids, logger }: Pick<ServiceEnvironment, 'log' | 'ids' | 'logger'>,
  appender: Pick<Appender, 'append'>,
  missing: readonly ListedErasure[],
): Promise<readonly string[]> {
  const ended: string[] = []
  if (missing.length === 0) return ended
  const requestId = ids.prefixed('req_')

  /** Ends an upload that is pending, which would go on to say what was erased. */
  async function end(upload: string, asking: Asking): Promise<void> {
    if ((await findUpload(log.reader.sql, upload))?.ended) return
    ended.push(upload)
    try {
      await appender.append({ type: 'CancelUpload', upload, idAsSent: upload }, asking)
    } catch (error) {
      if (!(error instanceof CustodyError && error.key === 'upload_not_pending'))
        throw error
      await appender.append({ type: 'ExpireUpload', upload }, asking)
    }
  }

  /** The upload whose file the backup does not have yet. */
  async function uploadOf(
    project: string,
    groups: readonly Erasure[],
  ): Promise<string | undefined> {
    for (const { position } of groups) {
      const query = { from: position - 1, to: position, limit: 1 }
      const record = (await log.reader.read(query))[0]?.record
      if (record?.project !== project || !record.type.startsWith('Upload')) continue
      if (await findUpload(log.reader.sql, record.stream)) return record.stream
    }
    return undefined
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
      file ||
      key ||
      (await findServiceAccount(sql, stream)) ||
      (await findWebhook(sql, stream))
    const upload = isKnown ? undefined : await uploadOf(project, groups)
    if (!isKnown && upload === undefined) continue
    if (upload !== undefined) await end(upload, asking)
    await appender.append(
      { type: 'ErasePrivate', stream: upload ?? stream, groups, again: true },
      asking,
    )
  }
  logger.warn(
    { erasures: missing.length },
    'the database is older than the list of erasures; they were applied again',
  )
  return ended
}
