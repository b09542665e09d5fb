import { CustodyError, quote } from '@custody/domain/errors'
import type { LogExport } from '@custody/service'
import type Router from '@koa/router'
import { answerHeaders } from '../../answers/answer-headers.ts'
import { authorizeAdmin } from '../../auth/authorize.ts'
import { abortWhenGone } from '../../connections/abort-when-gone.ts'
import type { TransferWatch } from '../../connections/transfer-watch.ts'
import { sendChunk } from '../../content/send-content.ts'
import { checkParameters } from '../../fields/query/known-parameters.ts'
import { singleParameter } from '../../fields/query/single-parameter.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestState } from '../../request-context.ts'

/**
 * `GET /v1/log/export`: the whole log, of all projects, as lines of JSON (docs/formats.md), as fast as the client takes
 * them. A failure breaks the connection; what has no last line is no export.
 */
export function addLogExportRoute(
  router: Router<RequestState>,
  { authenticate }: Pick<HttpDependencies, 'authenticate'>,
  exportLog: LogExport,
  watch: TransferWatch,
): void {
  router.get('/v1/log/export', async (context) => {
    await authorizeAdmin(context, authenticate)
    const query = new URLSearchParams(context.querystring)
    checkParameters(query, new Set(['blobs']))
    const blobs = parseFlag(singleParameter(query, 'blobs'))
    const { res } = context
    const headers = {
      ...answerHeaders(context.state),
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    }
    if (context.method === 'HEAD') {
      context.respond = false
      res.writeHead(200, headers).end()
      return
    }
    const signal = abortWhenGone(res)
    const chunks = exportLog({ blobs, signal })[Symbol.asyncIterator]()
    const transfer = {
      bytes: 0,
      waiting: false,
      idleMs: 0,
      cut: () => res.destroy(),
    }
    const unwatch = watch.watch(transfer)
    try {
      // What it is refused for comes before the answer begins.
      let chunk = await chunks.next()
      context.respond = false
      res.writeHead(200, headers)
      while (!chunk.done && !res.destroyed) {
        await sendChunk(res, chunk.value, transfer)
        if (!res.destroyed) chunk = await chunks.next()
      }
      res.end()
    } finally {
      unwatch()
      await chunks.return?.()
    }
  })
}

function parseFlag(value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false
  if (value === 'true') return true
  throw new CustodyError(
    'invalid_value',
    `Invalid value: ${quote(value)}. Supported values are: 'true' and 'false'.`,
    { param: 'blobs' },
  )
}
