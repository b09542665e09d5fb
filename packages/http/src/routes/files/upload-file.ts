import { atPosition } from '../../answers/at-position.ts'
import { sendJson } from '../../answers/send-json.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'
import type { ReceiveUpload } from './receive-upload.ts'

/** `POST /v1/files` */
export function uploadFile(
  { files }: HttpDependencies,
  receive: ReceiveUpload,
): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const file = await receive(context, (principal, request) =>
      files.upload(principal, request),
    )
    const shown = context.state.dialect.presentUpload(file)
    sendJson(context, 200, shown, atPosition(file.position))
  }
}
