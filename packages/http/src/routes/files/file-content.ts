import { CustodyError, quote } from '@custody/domain/errors'
import { answerHeaders } from '../../answers/answer-headers.ts'
import { authorizeProject } from '../../auth/authorize.ts'
import type { TransferWatch } from '../../connections/transfer-watch.ts'
import { byteRange } from '../../content/byte-range.ts'
import { contentHeaders } from '../../content/content-headers.ts'
import { asksForAnother, etagOf, matchesAny } from '../../content/entity-tag.ts'
import { sendContent } from '../../content/send-content.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'
import { fileIdOf } from './file-id-of.ts'

/** `GET` and `HEAD /v1/files/{file_id}/content` */
export function fileContent(
  dependencies: HttpDependencies,
  watch: TransferWatch,
): (context: RequestContext, idAsSent: string) => Promise<void> {
  return async (context, idAsSent) => {
    const principal = await authorizeProject(
      context,
      dependencies.authenticate,
      'api.files.read',
    )
    const id = fileIdOf(context.state.dialect, idAsSent)
    const content = await dependencies.files.content(principal, id, idAsSent)
    const { file } = content
    const { req, res } = context
    const etag = etagOf(file.sha256)
    if (asksForAnother(req.headers['if-match'], etag)) {
      throw new CustodyError(
        'precondition_failed',
        `If-Match names another content: expected ${quote(etag ?? '*')}, but got ${quote(req.headers['if-match'])} instead.`,
      )
    }
    const headers = {
      ...answerHeaders(context.state),
      ...contentHeaders(file, etag, req.headers),
    }
    const { access } = dependencies
    const { requestId } = context.state
    const noteMetadata = () => {
      if (access?.all) access.note(principal, { file: id, what: 'metadata', requestId })
    }
    context.respond = false
    if (matchesAny(req.headers['if-none-match'], etag)) {
      noteMetadata()
      res.writeHead(304, headers).end()
      return
    }
    const isHead = req.method === 'HEAD'
    const range = isHead ? undefined : byteRange(req.headers, file.bytes, etag)
    if (range === 'unsatisfiable') {
      throw new CustodyError(
        'range_not_satisfiable',
        `The range begins after the end of the file, which has ${file.bytes} bytes.`,
        { headers: { 'content-range': `bytes */${file.bytes}` } },
      )
    }
    const { start, end } = range ?? { start: 0, end: file.bytes }
    headers['content-length'] = end - start
    if (range !== undefined)
      headers['content-range'] = `bytes ${start}-${end - 1}/${file.bytes}`
    const status = range === undefined ? 200 : 206
    if (isHead) {
      noteMetadata()
      res.writeHead(status, headers).end()
      return
    }
    const read = {
      file: id,
      what: 'content',
      requestId,
      ...(range && { range }),
    } as const
    const begun = access && (() => access.note(principal, read))
    await sendContent(res, {
      ...{ status, headers, content, start, end, watch },
      ...(begun && { begun }),
    })
  }
}
