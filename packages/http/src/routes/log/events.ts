import type { EventPage, History } from '@custody/service'
import type Router from '@koa/router'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject } from '../../auth/authorize.ts'
import { abortWhenGone } from '../../connections/abort-when-gone.ts'
import { cloudEvent } from '../../events/cloud-event.ts'
import type { EventStreams } from '../../events/event-streams.ts'
import {
  parseEventsQuery,
  parseFileEventsQuery,
  parseFollowQuery,
} from '../../fields/query/events-query.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext, RequestState } from '../../request-context.ts'
import { fileIdOf } from '../files/file-id-of.ts'

const scope = 'api.audit.read'

/** `GET /v1/events` and `GET /v1/files/{file_id}/events`: the same in every dialect, but for ids and errors. */
export function addEventRoutes(
  router: Router<RequestState>,
  { authenticate }: Pick<HttpDependencies, 'authenticate'>,
  history: History,
  streams: EventStreams,
): void {
  router.get('/v1/events', async (context) => {
    const principal = await authorizeProject(context, authenticate, scope)
    if (wantsStream(context)) {
      const query = parseFollowQuery(
        queryOf(context),
        context.get('last-event-id'),
        context.state.dialect,
      )
      streams.serve(context, await history.follow(principal, query), query)
      return
    }
    const query = parseEventsQuery(queryOf(context), context.state.dialect)
    const signal = abortWhenGone(context.res)
    sendPage(context, await history.events(principal, query, { signal }))
  })

  router.get('/v1/files/:file/events', async (context) => {
    const principal = await authorizeProject(context, authenticate, scope)
    const idAsSent = context.params.file ?? ''
    const { dialect } = context.state
    const file = fileIdOf(dialect, idAsSent)
    const query = { ...parseFileEventsQuery(queryOf(context), dialect), file }
    const signal = abortWhenGone(context.res)
    sendPage(context, await history.fileEvents(principal, query, { signal, idAsSent }))
  })
}

function wantsStream({ req, headers }: RequestContext): boolean {
  return req.method === 'GET' && /\btext\/event-stream\b/i.test(headers.accept ?? '')
}

function queryOf(context: RequestContext): URLSearchParams {
  return new URLSearchParams(context.querystring)
}

/** Unlike the lists of files, whose cursors are ids, one of events goes on after the position of its last. */
function sendPage(context: RequestContext, { events, hasMore }: EventPage): void {
  const { dialect } = context.state
  const data = events.map((event) => cloudEvent(event, dialect))
  sendJson(context, 200, {
    object: 'list',
    data,
    first_id: data[0]?.position ?? null,
    last_id: data.at(-1)?.position ?? null,
    has_more: hasMore,
  })
}
