import type { SpooledContent } from '@custody/blob-store'
import { CustodyError, fileTooLarge, quote } from '@custody/domain/errors'
import type { Principal } from '../../auth/principal.ts'
import type {
  PluginContent,
  PurposeInfo,
  ValidationOutcome,
} from '../../plugin-host/index.ts'
import type { ServiceEnvironment } from '../../service-environment.ts'
import type { UploadRequest } from '../files.ts'
import type { FollowedUploads } from './follow-upload.ts'
import { limitOf } from './purpose-rules.ts'

/** What can be said of a file without a look into it. */
export type Judged = Pick<UploadRequest, 'filename' | 'policy' | 'sha256'> & {
  readonly content: { readonly bytes: number; readonly sha256: string }
}

/**
 * What size, name and digest of a file are refused for, the first that an upload is answered with first; empty
 * when the plugins may look at the content.
 */
export function contentRefusals(
  principal: Principal,
  { content, filename, policy, sha256 }: Judged,
  purpose: PurposeInfo,
): CustodyError[] {
  const refusals: CustodyError[] = []
  if (content.bytes === 0) {
    refusals.push(
      new CustodyError('empty_file', 'The file is empty: it has 0 bytes.', {
        param: 'file',
      }),
    )
  }
  const extension = extensionOf(filename)
  const { knownExtensions } = policy
  if (knownExtensions && !knownExtensions.includes(extension)) {
    refusals.push(
      new CustodyError(
        'unsupported_file_type',
        `Unsupported file type: the name ends in ${quote(extension)}. Must be ${knownExtensions.filter((known) => known !== '').join(', ')}`,
        { param: 'file' },
      ),
    )
  }
  const { maxBytes, setBy } = limitOf(purpose, extension, principal, policy)
  if (content.bytes > maxBytes) {
    refusals.push(fileTooLarge({ bytes: content.bytes, limit: maxBytes, setBy }))
  }
  const extensions = purpose.extensions ?? policy.purposes[purpose.name]?.extensions
  if (extensions && !extensions.includes(extension)) {
    refusals.push(
      new CustodyError(
        'invalid_extension',
        `Invalid file format for purpose ${quote(purpose.name)}: the name ends in ${quote(extension)}. Must be ${extensions.join(', ')}`,
        { param: 'file' },
      ),
    )
  }
  if (sha256 !== undefined && sha256 !== content.sha256) {
    refusals.push(
      new CustodyError(
        'digest_mismatch',
        `The file's SHA-256 is ${content.sha256}, not ${sha256}.`,
        { param: 'sha256' },
      ),
    )
  }
  return refusals
}

/** What the plugins say of the content; of a validation that ran along with the upload, its outcome. */
export function validateContent(
  { plugins }: Pick<ServiceEnvironment, 'plugins'>,
  followed: FollowedUploads,
  principal: Principal,
  { content, purpose, filename, policy, signal }: UploadRequest,
): ValidationOutcome | Promise<ValidationOutcome> {
  return (
    followed.take(content, purpose, filename) ??
    plugins.validate({
      purpose,
      dialect: policy.dialect,
      filename,
      size: content.bytes,
      content: content.inline ? { buffer: content.inline } : stagedContent(content),
      project: principal.project.id,
      signal,
    })
  )
}

/** Lower-case extension with its dot, or `''`. */
export function extensionOf(filename: string): string {
  const dot = filename.lastIndexOf('.')
  return dot <= 0 ? '' : filename.slice(dot).toLowerCase()
}

function stagedContent({ path, stored }: SpooledContent): PluginContent {
  if (path === undefined) throw new TypeError('Content is neither inline nor staged')
  if (stored.format === 'plain') return { path }
  // A copy: to send a part of a buffer to a thread is to send all of it.
  const dataKey = new Uint8Array(stored.dataKey)
  return { path, sealed: { format: stored.format, dataKey } }
}
