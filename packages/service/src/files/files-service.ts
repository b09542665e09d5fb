import { CustodyError, type FileState, isLive, quotaOf } from '@custody/domain'
import type { AppendedEvent, MaybePromise } from '@custody/event-log'
import {
  countFiles,
  findFileOf,
  findPendingBytes,
  findUsage,
  listFiles,
} from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { Principal } from '../auth/principal.ts'
import type { DamageLog } from '../integrity/damage-log.ts'
import type { UploadRates } from '../rates/upload-rates.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { type StoredUsage, sumUsage } from '../usage/usage-view.ts'
import { createBulkDeletion } from './delete-files.ts'
import { openFileContent } from './file-content.ts'
import type { FileLookup } from './file-lookup.ts'
import { toFileView } from './file-view.ts'
import type { Files } from './files.ts'
import type { Intake } from './intake/intake.ts'
import { uploadFile } from './intake/upload-file.ts'
import { validateFile } from './intake/validate-file.ts'

/** The Files use cases, for one deployment. */
export function createFiles(
  environment: ServiceEnvironment,
  appender: Appender,
  lookUp: FileLookup,
  rates: UploadRates,
  { admission, followed, ledger }: Intake,
  damageLog: Pick<DamageLog, 'found'>,
): Files {
  const { log, clock } = environment

  async function stored(project: string): Promise<StoredUsage> {
    return sumUsage(await findUsage(log.reader.sql, project))
  }

  function requireLive(state: FileState | null, idAsSent: string): FileState {
    if (state && isLive(state, clock() * 1000)) return state
    throw notFound(idAsSent)
  }

  function find(
    principal: Principal,
    id: string,
    idAsSent: string,
  ): MaybePromise<FileState> {
    const found = lookUp(principal.project.id, id)
    return found instanceof Promise
      ? found.then((state) => requireLive(state, idAsSent))
      : requireLive(found, idAsSent)
  }

  /** The file that an upload made, as it is today. */
  async function tell(
    principal: Principal,
    events: readonly AppendedEvent[],
    presentId: (id: string) => string,
  ) {
    const uploaded = events.find(({ type }) => type === 'FileUploaded')
    if (!uploaded) throw new TypeError('An upload led to no event')
    const state = await lookUp(principal.project.id, uploaded.stream)
    if (!state || !isLive(state, clock() * 1000))
      throw endedSince(presentId(uploaded.stream))
    return { ...toFileView(state), position: String(uploaded.seq) }
  }

  return {
    countUpload: rates.count,
    beginUpload: admission.begin,
    upload: (principal, request) =>
      uploadFile(environment, { appender, followed, ledger, tell }, principal, request),
    validate: (principal, request) =>
      validateFile(environment, followed, principal, request),

    get(principal, id, idAsSent) {
      const found = find(principal, id, idAsSent)
      return found instanceof Promise ? found.then(toFileView) : toFileView(found)
    },

    async list(principal, query) {
      const { after } = query
      let cursor: FileState | null = null
      if (after !== undefined) {
        // A file that has ended is still a place in the list.
        cursor = await findFileOf(log.reader.sql, principal.project.id, after)
        if (!cursor) {
          throw new CustodyError(
            'cursor_not_found',
            `No such File object: ${query.afterAsSent ?? after}`,
            { param: 'after' },
          )
        }
      }
      const { purpose, classification, complianceRegime } = query
      const project = principal.project.id
      const now = Math.floor(clock() / 1000)
      const ofPurpose = purpose === undefined ? {} : { purpose }
      const total = query.wantsTotal
        ? await countFiles(log.reader.sql, { project, ...ofPurpose, now })
        : undefined
      const counted = total === undefined ? {} : { total }
      if (total !== undefined && (query.offset ?? 0) >= total) {
        // Passing over them all would only find that nothing is left.
        return { files: [], hasMore: false, ...counted }
      }
      const states = await listFiles(log.reader.sql, {
        project,
        order: query.order,
        limit: query.limit + 1,
        now,
        ...(cursor && { after: cursor.seq }),
        ...(query.offset !== undefined && { offset: query.offset }),
        ...ofPurpose,
        ...(classification !== undefined && { classification }),
        ...(complianceRegime !== undefined && { complianceRegime }),
      })
      return {
        files: states.slice(0, query.limit).map(toFileView),
        hasMore: states.length > query.limit,
        ...counted,
      }
    },

    async delete(principal, id, { idAsSent, requestId }) {
      const { events } = await appender.append(
        { type: 'DeleteFile', file: id, idAsSent },
        { project: principal.project.id, actor: principal.actor, requestId },
      )
      const deleted = events[0]
      if (!deleted) throw new TypeError('A deletion led to no event')
      return { position: String(deleted.seq) }
    },

    deleteMany: createBulkDeletion(environment, appender),

    async usage({ project }, policy) {
      const quotaBytes = quotaOf(project.limits, policy) ?? null
      const reservedBytes =
        quotaBytes === null
          ? 0
          : ledger.reservedBytes(project.id) +
            (await findPendingBytes(log.reader.sql, project.id))
      return { ...(await stored(project.id)), reservedBytes, quotaBytes }
    },

    async content(principal, id, idAsSent) {
      const state = await find(principal, id, idAsSent)
      return await openFileContent(environment, state, damageLog, () =>
        notFound(idAsSent),
      )
    },
  }
}

function notFound(idAsSent: string): CustodyError {
  return new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
    param: 'id',
  })
}

function endedSince(file: string): CustodyError {
  return new CustodyError(
    'file_not_found',
    `No such File object: ${file}. The first request with this Idempotency-Key made it, and it has ended since.`,
    { param: 'id' },
  )
}
