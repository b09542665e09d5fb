import { CustodyError, quote } from '@custody/domain/errors'
import type { Principal, UploadPolicy } from '@custody/service'
import { acceptBody } from '../answers/accept-body.ts'
import { sendJson } from '../answers/send-json.ts'
import { authorizeProject } from '../auth/authorize.ts'
import { abortWhenGone } from '../connections/abort-when-gone.ts'
import { countBodyBytes } from '../connections/body-bytes.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import type { FormField } from '../dialects/dialect.ts'
import { readUploadForm } from '../form/read-upload-form.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext } from '../request-context.ts'

/** `POST /v1/files` */
export function uploadFile(
  dependencies: HttpDependencies,
  watch: TransferWatch,
): (context: RequestContext) => Promise<void> {
  const { files } = dependencies
  const authenticate = dependencies.authenticate.bind(dependencies)
  const onBytes = countBodyBytes(() => dependencies.collectYoung?.())
  return async (context) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.write')
    const { dialect, requestId } = context.state
    const policy = dialect.uploads
    const signal = abortWhenGone(context.res)
    const declaredBytes = declaredLength(context)
    const session = files.beginUpload(principal, { policy, declaredBytes, signal })
    try {
      const form = await readUploadForm(context.req, {
        session,
        watch,
        onBytes,
        takesField: (field) =>
          dialect.takesField(field.name) &&
          checkEarly(field, principal, policy, dependencies),
        onAccepted: () => acceptBody(context),
      })
      const file = await files.upload(principal, {
        ...dialect.parseUpload(form.fields),
        filename: form.file.filename,
        declaredType: form.file.declaredType,
        content: form.content,
        policy,
        requestId,
        signal,
      })
      sendJson(context, 200, dialect.presentUpload(file))
    } finally {
      await session.close()
    }
  }
}

function declaredLength(context: RequestContext): number | undefined {
  const header = context.req.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

/**
 * Refuses an unknown purpose as soon as it is seen, which in most clients is before the file. A key that may write
 * output is left to the service, which knows what else that key may name.
 */
function checkEarly(
  { name, value }: FormField,
  principal: Principal,
  policy: UploadPolicy,
  dependencies: HttpDependencies,
): true {
  if (name !== 'purpose' || value === '' || policy.anyPurpose) return true
  if (principal.scopes.has('api.files.write_output')) return true
  const purposes = [
    ...dependencies.purposes(policy.dialect),
    ...policy.openOutputPurposes,
  ]
  if (purposes.includes(value)) return true
  throw new CustodyError(
    'invalid_purpose',
    `${quote(value)} is not one of [${purposes.map(quote).join(', ')}] - 'purpose'`,
    { param: 'purpose' },
  )
}
