import {
  CustodyError,
  quotaOf,
  toFileId,
  toSeconds,
  type UploadFile,
} from '@custody/domain'
import type { AppendedEvent } from '@custody/event-log'
import type { Appender } from '../../appender.ts'
import type { Principal } from '../../auth/principal.ts'
import { type AppendOnce, doOnce } from '../../idempotency/idempotency.ts'
import type { StoredUpload } from '../../log/stored-command.ts'
import type { PurposeInfo, ValidationOutcome } from '../../plugin-host/index.ts'
import type { ServiceEnvironment } from '../../service-environment.ts'
import type { QuotaLedger } from '../../usage/quota-ledger.ts'
import type { AtPosition, FileView, UploadRequest } from '../files.ts'
import type { FollowedUploads } from './follow-upload.ts'
import { contentRefusals, validateContent } from './judge-content.ts'
import { defaultExpiry, offeredPurposes, requirePurpose } from './purpose-rules.ts'
import { storeContent } from './store-content.ts'

/** An issue's code that stands for a status of its own, 415. */
const UNSUPPORTED = 'unsupported_media_type'

type Accepted = Extract<ValidationOutcome, { readonly ok: true }>

/** What a file's event says of it that is not about where its bytes lie. */
export type Described = Omit<
  UploadRequest,
  'content' | 'purpose' | 'sha256' | 'requestId' | 'attempt' | 'signal'
> & { readonly content: { readonly bytes: number; readonly sha256: string } }

/** What an upload has to do with others. */
export type UploadParts = {
  /** A file that was uploaded before, as it is today. @throws CustodyError `file_not_found` */
  readonly tell: (
    principal: Principal,
    events: readonly AppendedEvent[],
    presentId: (id: string) => string,
  ) => Promise<AtPosition<FileView>>
  readonly appender: Appender
  readonly followed: FollowedUploads
  readonly ledger: QuotaLedger
}

/**
 * The way of an upload whose bytes are all here: purpose, size, name, digest, validators, then the bytes
 * made durable and the event appended. What is refused leaves nothing behind; one that is repeated does not either.
 */
export function uploadFile(
  environment: Pick<ServiceEnvironment, 'plugins' | 'ids' | 'blobs' | 'keys'>,
  parts: UploadParts,
  principal: Principal,
  request: UploadRequest,
): Promise<AtPosition<FileView>> {
  const { attempt } = request
  return doOnce(attempt, () => saidBy(request), {
    work: (once) => uploadNew(environment, parts, principal, request, once),
    tell: (events) => parts.tell(principal, events, attempt?.presentId ?? toFileId),
  })
}

/** All that tells one upload from another. */
function saidBy({
  content,
  policy: _policy,
  requestId: _id,
  attempt: _attempt,
  signal: _signal,
  ...said
}: UploadRequest): Readonly<Record<string, unknown>> {
  return { ...said, content: { bytes: content.bytes, sha256: content.sha256 } }
}

async function uploadNew(
  environment: Pick<ServiceEnvironment, 'plugins' | 'ids' | 'blobs' | 'keys'>,
  { appender, followed, ledger }: UploadParts,
  principal: Principal,
  request: UploadRequest,
  once: AppendOnce | undefined,
): Promise<AtPosition<FileView>> {
  const { plugins } = environment
  const { content, policy } = request
  const purpose = requirePurpose(
    offeredPurposes(plugins, principal, policy),
    request.purpose,
    policy,
  )
  const [refused] = contentRefusals(principal, request, purpose)
  if (refused) throw refused
  const quota = quotaOf(principal.project.limits, policy)
  const reservation = quota === undefined ? undefined : ledger.of(content)
  if (reservation) await reservation.cover(content.bytes)
  const verdict = await validateContent(environment, followed, principal, request)
  if (!verdict.ok) throw refusal(verdict)

  const { ids } = environment
  const [file, extent] = [ids.uuid(), ids.uuid()]
  const stored = await storeContent(environment, content, extent, request.signal)
  const command: StoredUpload = {
    ...toCommand(file, principal, request, purpose, verdict),
    extents: [{ id: extent, bytes: content.bytes, sha256: content.sha256 }],
    places: [stored.place],
  }
  reservation?.handOver()
  try {
    const { events } = await appender.append(
      command,
      {
        project: principal.project.id,
        actor: principal.actor,
        requestId: request.requestId,
        once,
      },
      stored.attachments,
    )
    const uploaded = events[0]
    if (!uploaded) throw new TypeError('An upload led to no event')
    const createdAt = toSeconds(uploaded.time)
    return {
      id: command.file,
      purpose: command.purpose,
      bytes: command.bytes,
      createdAt,
      expiresAt: command.expiry && createdAt + command.expiry.afterSeconds,
      filename: command.filename,
      metadata: command.metadata ?? null,
      classification: command.classification ?? null,
      complianceRegime: command.complianceRegime ?? null,
      status: 'processed',
      sha256: command.sha256,
      position: String(uploaded.seq),
    }
  } catch (error) {
    await stored.removeAfter(error)
    throw error
  }
}

/** What an upload is answered with that a plugin refused. */
export function refusal(
  verdict: Extract<ValidationOutcome, { readonly ok: false }>,
): CustodyError {
  const [first] = verdict.issues
  const total = Object.values(verdict.issueCounts).reduce((sum, count) => sum + count, 0)
  const where = first?.line === undefined ? '' : `Line ${first.line}: `
  const more =
    total > 1 ? ` (and ${total - 1} more ${total === 2 ? 'issue' : 'issues'})` : ''
  return new CustodyError(
    first?.code === UNSUPPORTED ? 'unsupported_file_type' : 'validation_failed',
    `${where}${first?.message ?? 'The file was refused.'}${more}`,
    {
      ...(first && { code: first.code }),
      param: first?.param ?? null,
      extra: {
        plugin: verdict.plugin,
        issues: verdict.issues,
        issue_counts: verdict.issueCounts,
      },
    },
  )
}

/** The command that makes a file, but for its bytes. */
export function toCommand(
  file: string,
  principal: Principal,
  request: Described,
  purpose: PurposeInfo,
  verdict: Accepted,
): Omit<UploadFile, 'extents'> {
  const { content, policy } = request
  const { bytes, sha256 } = content
  return {
    type: 'UploadFile',
    file,
    purpose: purpose.name,
    bytes,
    expiry:
      request.expiresAfterSeconds === undefined
        ? defaultExpiry(purpose, principal, policy)
        : { afterSeconds: request.expiresAfterSeconds, policy: 'request' },
    filename: request.filename,
    ...(request.metadata && { metadata: request.metadata }),
    ...(request.classification !== undefined && {
      classification: request.classification,
    }),
    ...(request.complianceRegime !== undefined && {
      complianceRegime: request.complianceRegime,
    }),
    ...(request.options && { options: request.options }),
    ...(request.textOptions && { textOptions: request.textOptions }),
    sha256,
    declaredType: request.declaredType,
    facts: verdict.facts,
    validatedBy: verdict.validatedBy,
    ...(policy.quotaBytes !== undefined && { quotaBytes: policy.quotaBytes }),
  }
}
