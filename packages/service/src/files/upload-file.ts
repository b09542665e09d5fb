import { CustodyError, quote, toSeconds } from '@custody/domain'
import type { Appender } from '../appender.ts'
import type { StoredUpload } from '../log/stored-command.ts'
import type { PurposeInfo, ValidationOutcome } from '../plugin-host/index.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { FileView, Principal, UploadRequest } from '../types.ts'
import type { FollowedUploads } from './follow-upload.ts'
import {
  defaultExpiry,
  limitOf,
  offeredPurposes,
  requirePurpose,
  tooLarge,
} from './purpose-rules.ts'

/** An issue's code that stands for a status of its own, 415. */
const UNSUPPORTED = 'unsupported_media_type'

type Accepted = Extract<ValidationOutcome, { readonly ok: true }>

/**
 * The way of an upload whose bytes are all here: purpose, size, name, digest, validators, then the bytes
 * made durable and the event appended. What is refused leaves nothing behind.
 */
export async function uploadFile(
  environment: Pick<ServiceEnvironment, 'plugins' | 'ids' | 'blobs'>,
  appender: Appender,
  followed: FollowedUploads,
  principal: Principal,
  request: UploadRequest,
): Promise<FileView> {
  const { plugins } = environment
  const { content, policy } = request
  const purpose = requirePurpose(
    offeredPurposes(plugins, principal, policy),
    request.purpose,
  )
  checkContent(principal, request, purpose)

  const validation =
    followed.take(content, request.purpose, request.filename) ??
    plugins.validate({
      purpose: purpose.name,
      dialect: policy.dialect,
      filename: request.filename,
      size: content.bytes,
      content: content.inline
        ? { buffer: content.inline }
        : { path: requirePath(content.path) },
      project: principal.project.id,
      signal: request.signal,
    })
  const verdict = await validation
  if (!verdict.ok) throw refusal(verdict)

  const command = toCommand(environment, principal, request, purpose, verdict)
  const extent = command.extents[0]
  const inline = content.inline
  if (!inline && extent) await content.commit(extent.id, { signal: request.signal })
  try {
    const { events } = await appender.append(
      command,
      {
        project: principal.project.id,
        actor: principal.actor,
        requestId: request.requestId,
      },
      inline ? [inline] : [],
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
    }
  } catch (error) {
    // Refused under the lock (a quota, an archived project): the bytes have no event, so they go. After
    // any other error the event may yet be there, and then they must stay; the sweep decides.
    if (
      !inline &&
      extent &&
      error instanceof CustodyError &&
      error.key !== 'internal_error'
    ) {
      await environment.blobs.delete([extent.id])
    }
    throw error
  }
}

function checkContent(
  principal: Principal,
  request: UploadRequest,
  purpose: PurposeInfo,
): void {
  const { content, policy } = request
  if (content.bytes === 0) {
    throw new CustodyError('empty_file', 'The file is empty: it has 0 bytes.', {
      param: 'file',
    })
  }
  const extension = extensionOf(request.filename)
  const { knownExtensions } = policy
  if (knownExtensions && !knownExtensions.includes(extension)) {
    throw new CustodyError(
      'unsupported_file_type',
      `Unsupported file type: the name ends in ${quote(extension)}. Must be ${knownExtensions.join(', ')}`,
      { param: 'file' },
    )
  }
  const { maxBytes, setBy } = limitOf(purpose, extension, principal, policy)
  if (content.bytes > maxBytes) throw tooLarge(content.bytes, maxBytes, setBy)
  if (purpose.extensions && !purpose.extensions.includes(extension)) {
    throw new CustodyError(
      'invalid_extension',
      `Invalid file format for purpose ${quote(purpose.name)}: the name ends in ${quote(extension)}. Must be ${purpose.extensions.join(', ')}`,
      { param: 'file' },
    )
  }
  if (request.sha256 !== undefined && request.sha256 !== content.sha256) {
    throw new CustodyError(
      'digest_mismatch',
      `The file's SHA-256 is ${content.sha256}, not ${request.sha256}.`,
      { param: 'sha256' },
    )
  }
}

/** Lower-case extension with its dot, or `''`. */
export function extensionOf(filename: string): string {
  const dot = filename.lastIndexOf('.')
  return dot <= 0 ? '' : filename.slice(dot).toLowerCase()
}

function requirePath(path: string | undefined): string {
  if (path === undefined) throw new TypeError('Content is neither inline nor staged')
  return path
}

function refusal(
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

function toCommand(
  { ids }: Pick<ServiceEnvironment, 'ids'>,
  principal: Principal,
  request: UploadRequest,
  purpose: PurposeInfo,
  verdict: Accepted,
): StoredUpload {
  const { content, policy } = request
  const { bytes, sha256 } = content
  return {
    type: 'UploadFile',
    file: ids.uuid(),
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
    extents: [{ id: ids.uuid(), bytes, sha256 }],
    places: [
      { place: content.inline ? 'inline' : 'disk', format: 'plain', storedBytes: bytes },
    ],
    facts: verdict.facts,
    validatedBy: verdict.validatedBy,
  }
}
