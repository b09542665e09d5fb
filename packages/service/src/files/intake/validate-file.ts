import type { CustodyError } from '@custody/domain'
import type { Issue } from '@custody/plugin-api'
import type { Principal } from '../../auth/principal.ts'
import type { ServiceEnvironment } from '../../service-environment.ts'
import type { FileValidation, UploadRequest } from '../files.ts'
import type { FollowedUploads } from './follow-upload.ts'
import { contentRefusals, validateContent } from './judge-content.ts'
import { offeredPurposes, requirePurpose } from './purpose-rules.ts'

/**
 * What an upload would be answered, without storing anything. Whatever is against the file becomes issues;
 * what is wrong with the request is thrown, as for an upload.
 *
 * Size, name and digest are all told at once. Where one of them is against the file, no plugin is asked: it
 * would not be by an upload.
 */
export async function validateFile(
  environment: Pick<ServiceEnvironment, 'plugins'>,
  followed: FollowedUploads,
  principal: Principal,
  request: UploadRequest,
): Promise<FileValidation> {
  const { content, policy } = request
  const offered = offeredPurposes(environment.plugins, principal, policy)
  const purpose = requirePurpose(offered, request.purpose, policy)
  const seen = { purpose: purpose.name, bytes: content.bytes, sha256: content.sha256 }
  const refused = contentRefusals(principal, request, purpose)
  if (refused.length > 0) {
    const issues = refused.map(toIssue)
    return {
      ...seen,
      valid: false,
      issues,
      issueCounts: Object.fromEntries(issues.map(({ code }) => [code, 1])),
      facts: {},
      warnings: [],
    }
  }
  const outcome = await validateContent(environment, followed, principal, request)
  return outcome.ok
    ? {
        ...seen,
        valid: true,
        issues: [],
        issueCounts: {},
        facts: outcome.facts,
        warnings: outcome.warnings,
      }
    : {
        ...seen,
        valid: false,
        issues: outcome.issues,
        issueCounts: outcome.issueCounts,
        facts: {},
        warnings: [],
      }
}

function toIssue({ code, key, message, param }: CustodyError): Issue {
  return { code: code ?? key, message, ...(param !== null && { param }) }
}
