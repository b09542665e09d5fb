import type { FileValidation } from '@custody/service'
import { sendJson } from '../../answers/send-json.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'
import type { ReceiveUpload } from './receive-upload.ts'

/** `POST /v1/files/validate`: an upload that stores nothing, and tells what one would be answered. */
export function validateFile(
  { files }: HttpDependencies,
  receive: ReceiveUpload,
): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const validation = await receive(
      context,
      (principal, request) => files.validate(principal, request),
      { dryRun: true },
    )
    sendJson(context, 200, presentValidation(validation))
  }
}

function presentValidation(validation: FileValidation): object {
  const { valid, purpose, bytes, sha256, issues, issueCounts, facts, warnings } =
    validation
  return {
    object: 'file.validation',
    valid,
    purpose,
    bytes,
    sha256,
    issues,
    issue_counts: issueCounts,
    facts,
    ...(warnings.length > 0 && { warnings }),
  }
}
