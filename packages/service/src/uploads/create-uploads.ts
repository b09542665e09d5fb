import type { SpooledContent } from '@custody/blob-store'
import {
  CustodyError,
  isLive,
  isPending,
  quotaOf,
  toSeconds,
  type Upload,
  type UploadPart,
  uploadLimits,
  uploadNotFound,
  uploadNotPending,
  uploadStatus,
} from '@custody/domain'
import { fileTooLarge } from '@custody/domain/errors'
import { findUploadOf, listUploadParts } from '@custody/file-index'
import type { Appender } from '../appender.ts'
import type { Principal } from '../auth/principal.ts'
import { openExtents } from '../files/file-content.ts'
import type { FileLookup } from '../files/file-lookup.ts'
import { toFileView } from '../files/file-view.ts'
import type { AtPosition, UploadPolicy } from '../files/files.ts'
import type { Intake } from '../files/intake/intake.ts'
import { contentRefusals } from '../files/intake/judge-content.ts'
import { offeredPurposes, requirePurpose } from '../files/intake/purpose-rules.ts'
import { storeContent } from '../files/intake/store-content.ts'
import { type AppendOnce, doOnce } from '../idempotency/idempotency.ts'
import { isDamage } from '../integrity/damage-log.ts'
import type { UploadRates } from '../rates/upload-rates.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { completeUpload } from './complete-upload.ts'
import { digestSources } from './digests/digest-sources.ts'
import { createDigestThread } from './digests/digest-thread.ts'
import { createRollingDigests } from './digests/rolling-digests.ts'
import { partsPolicy } from './parts-policy.ts'
import type {
  NewPart,
  NewUpload,
  PartView,
  UploadId,
  Uploads,
  UploadView,
} from './uploads.ts'

const ends: ReadonlySet<string> = new Set([
  'UploadCompleted',
  'UploadCancelled',
  'UploadExpired',
])

/** The use cases of files that come in parts, for one deployment. */
export function createUploads(
  environment: ServiceEnvironment,
  appender: Appender,
  lookUp: FileLookup,
  rates: UploadRates,
  { admission, ledger }: Intake,
): Uploads {
  const { log, clock, ids, plugins } = environment
  const digests = createDigestThread()
  const rolling = createRollingDigests(digests, async (id, extent, signal) => {
    const content = await openExtents(environment, { id, extents: [extent] })
    const [source] = digestSources(content, [extent], signal)
    if (!source) throw new TypeError('An extent is no source')
    return source
  })
  appender.onAppended((events) => {
    for (const { type, stream } of events) if (ends.has(type)) rolling.forget(stream)
  })
  const now = () => clock() * 1000

  async function find(
    { project }: Principal,
    { id, idAsSent }: UploadId,
  ): Promise<Upload> {
    const upload = await findUploadOf(log.reader.sql, project.id, id)
    if (!upload) throw uploadNotFound(idAsSent)
    return upload
  }

  async function findPending(principal: Principal, asked: UploadId): Promise<Upload> {
    const upload = await find(principal, asked)
    if (!isPending(upload, now())) throw uploadNotPending(upload, now())
    return upload
  }

  async function view(upload: Upload): Promise<UploadView> {
    const { ended } = upload
    const file =
      ended?.status === 'completed' ? await lookUp(upload.project, ended.file) : null
    return {
      id: upload.id,
      bytes: upload.bytes,
      createdAt: toSeconds(upload.createdAt),
      filename: upload.filename,
      purpose: upload.purpose,
      status: uploadStatus(upload, now()),
      expiresAt: upload.expiresAt,
      file: file && isLive(file, now()) ? toFileView(file) : null,
    }
  }

  /** With the position of the event that made its file. */
  async function atFile(upload: Upload): Promise<AtPosition<UploadView>> {
    const { ended } = upload
    const id = ended?.status === 'completed' ? ended.file : ''
    const file = await lookUp(upload.project, id)
    if (!file) throw new TypeError(`Upload ${upload.id} was completed to no file`)
    return { ...(await view(upload)), position: String(file.seq) }
  }

  /** Where the declared bytes do not fit today, their parts need not be sent. */
  async function requireRoom(
    { project }: Principal,
    policy: UploadPolicy,
    bytes: number,
  ): Promise<void> {
    const quota = quotaOf(project.limits, policy)
    if (quota === undefined || bytes === 0) return
    const reservation = ledger.open({ project: project.id, quota, atLeast: bytes })
    try {
      await reservation.cover(1)
    } finally {
      reservation.release()
    }
  }

  async function addPart(
    principal: Principal,
    { policy, requestId, signal, id, idAsSent }: NewPart,
    content: SpooledContent,
    once: AppendOnce | undefined,
  ): Promise<AddedPart> {
    if (content.bytes === 0) {
      throw new CustodyError('empty_file', 'The part is empty: it has 0 bytes.', {
        param: 'data',
      })
    }
    // Once more: it may have ended while the body came, and then nothing is stored for it.
    await findPending(principal, { id, idAsSent })
    const reservation = ledger.of(content)
    if (reservation) await reservation.cover(content.bytes)
    const part = ids.uuid()
    const stored = await storeContent(environment, content, part, signal)
    reservation?.handOver()
    try {
      const { bytes, sha256 } = content
      const { events } = await appender.append(
        {
          type: 'AddPart',
          upload: id,
          idAsSent,
          part,
          bytes,
          sha256,
          place: stored.place,
          ...(policy.quotaBytes !== undefined && { quotaBytes: policy.quotaBytes }),
        },
        { ...asking(principal, requestId), once },
        stored.attachments,
      )
      const added = events[0]
      if (!added) throw new TypeError('A part led to no event')
      return { id: part, upload: id, bytes, createdAt: added.time, sha256 }
    } catch (error) {
      await stored.removeAfter(error)
      throw error
    }
  }

  const asking = (principal: Principal, requestId: string) => ({
    project: principal.project.id,
    actor: principal.actor,
    requestId,
  })

  async function createNew(
    principal: Principal,
    request: NewUpload,
    once: AppendOnce | undefined,
  ): Promise<UploadView> {
    const policy = partsPolicy(request.policy)
    const { filename, bytes } = request
    const purpose = requirePurpose(
      offeredPurposes(plugins, principal, policy),
      request.purpose,
      policy,
    )
    const content = { bytes, sha256: '' }
    const refusals = contentRefusals(principal, { filename, policy, content }, purpose)
    // That it is empty is told when it is completed, as of a form when the file is there.
    const refused = refusals.find(({ key }) => key !== 'empty_file')
    if (refused) throw ofDeclaration(refused)
    const { fileBytes } = uploadLimits
    if (bytes > fileBytes) {
      throw fileTooLarge({ bytes, limit: fileBytes, setBy: 'an upload', param: 'bytes' })
    }
    await requireRoom(principal, policy, bytes)
    const upload = ids.uuid()
    const { metadata, classification, complianceRegime, options, textOptions } = request
    const { events } = await appender.append(
      {
        type: 'CreateUpload',
        upload,
        purpose: purpose.name,
        bytes,
        filename,
        declaredType: request.declaredType,
        fileExpiresAfter: request.expiresAfterSeconds ?? null,
        ...(metadata && { metadata }),
        ...(classification !== undefined && { classification }),
        ...(complianceRegime !== undefined && { complianceRegime }),
        ...(options && { options }),
        ...(textOptions && { textOptions }),
      },
      { ...asking(principal, request.requestId), once },
    )
    const created = events[0]
    if (!created) throw new TypeError('An upload led to no event')
    const createdAt = toSeconds(created.time)
    return {
      id: upload,
      bytes,
      createdAt,
      filename,
      purpose: purpose.name,
      status: 'pending',
      expiresAt: createdAt + uploadLimits.seconds,
      file: null,
    }
  }

  return {
    countUpload: rates.count,

    create: (principal, request) =>
      doOnce(request.attempt, () => saidBy(request), {
        work: (once) => createNew(principal, request, once),
        tell: async ([created]) => {
          const id = created?.stream ?? ''
          return await view(await find(principal, { id, idAsSent: id }))
        },
      }),

    async beginPart(principal, part) {
      const { policy, declaredBytes, attempt, signal } = part
      const isRepeat = attempt?.isRepeat ?? false
      // One that is there already is told even when the upload has ended since.
      const upload = await (isRepeat ? find : findPending)(principal, part)
      const turn = isPending(upload, now())
        ? rolling.begin(upload, { declaredBytes, signal })
        : undefined
      const session = admitted()
      function admitted() {
        try {
          const { partBytes } = uploadLimits
          const options = { policy, declaredBytes, isRepeat, partBytes, signal }
          return admission.begin(principal, { ...options, follower: turn?.follower })
        } catch (error) {
          turn?.dropped()
          throw error
        }
      }
      return {
        ...session,
        async add(content) {
          const { bytes, sha256 } = content
          return await doOnce(attempt, () => ({ bytes, sha256 }), {
            async work(once) {
              const added = await addPart(principal, part, content, once)
              turn?.added(added)
              return toPartView(added)
            },
            async tell([added]) {
              const parts = await listUploadParts(log.reader.sql, upload.id)
              const found = parts.find(({ position }) => position === added?.position)
              if (!found) throw new TypeError('A part led to no event')
              return toPartView(found)
            },
          })
        },
        async close() {
          turn?.dropped()
          await session.close()
        },
      }
    },

    async complete(principal, completion) {
      const { parts, md5, attempt } = completion
      const means = { environment, appender, digests, rolling }
      const completed = async () => await atFile(await find(principal, completion))
      return await doOnce(attempt, () => ({ parts, md5 }), {
        async work(once) {
          const upload = await find(principal, completion)
          const complete = (state: Upload) =>
            completeUpload(means, principal, state, completion, once)
          await complete(upload).catch(async (error: unknown) => {
            const now = isDamage(error) ? await find(principal, completion) : undefined
            // It has ended meanwhile, and what its parts were goes: that is told, and no damage.
            if (!now?.ended) throw error
            await complete(now)
          })
          return await completed()
        },
        tell: completed,
      })
    },

    async cancel(principal, { id, idAsSent, requestId }) {
      await appender.append(
        { type: 'CancelUpload', upload: id, idAsSent },
        asking(principal, requestId),
      )
      return await view(await find(principal, { id, idAsSent }))
    },

    async get(principal, asked) {
      const upload = await find(principal, asked)
      const parts = isPending(upload, now())
        ? await listUploadParts(log.reader.sql, upload.id)
        : []
      return { upload: await view(upload), parts: parts.map(toPartView) }
    },
  }
}

/** All that tells one declaration from another. */
function saidBy({
  policy: _policy,
  requestId: _id,
  attempt: _attempt,
  ...said
}: NewUpload): Readonly<Record<string, unknown>> {
  return said
}

type AddedPart = Omit<UploadPart, 'position' | 'sha256'> & { readonly sha256: string }

function toPartView(part: Omit<UploadPart, 'position'>): PartView {
  return {
    id: part.id,
    upload: part.upload,
    bytes: part.bytes,
    createdAt: toSeconds(part.createdAt),
    sha256: part.sha256,
  }
}

/** What is said of a file in a form, said of what is declared in its place. */
function ofDeclaration(refused: CustodyError): CustodyError {
  const param = refused.key === 'file_too_large' ? 'bytes' : 'filename'
  return new CustodyError(refused.key, refused.message, { param })
}
