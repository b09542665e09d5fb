import type { FileHolds, HoldsView, HoldView, Principal } from '@custody/service'
import type Router from '@koa/router'
import { atPosition } from '../../answers/at-position.ts'
import { withAttempt } from '../../answers/idempotency-key.ts'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject, requireScope } from '../../auth/authorize.ts'
import { integer, object, optional, text } from '../../body/body-shape.ts'
import { jsonBody } from '../../body/json-body.ts'
import type { TransferWatch } from '../../connections/transfer-watch.ts'
import { parseAsOf } from '../../fields/query/as-of.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext, RequestState } from '../../request-context.ts'
import { fileIdOf } from './file-id-of.ts'

/** The last second of the year 9999: a time in milliseconds is a mistake. */
const maxSeconds = 253_402_300_799

const newHold = object({
  name: text(256),
  note: optional(text(2_048)),
  retain_until: optional(integer(1, maxSeconds)),
})

/** Routes under `/v1/files/{file_id}/holds`. The same in every dialect, but for ids and errors. */
export function addHoldRoutes(
  router: Router<RequestState>,
  {
    authenticate,
    history,
    idempotency,
  }: Pick<HttpDependencies, 'authenticate' | 'history' | 'idempotency'>,
  holds: FileHolds,
  watch: TransferWatch,
): void {
  const path = '/v1/files/:file/holds'
  const asked = (context: RequestContext, principal: Principal, idAsSent: string) => ({
    principal,
    id: fileIdOf(context.state.dialect, idAsSent),
    by: { idAsSent, requestId: context.state.requestId },
  })

  router.post(path, async (context) => {
    const holder = await authorizeProject(context, authenticate, 'api.files.hold')
    const { principal, id, by } = asked(context, holder, context.params.file ?? '')
    const who = { project: principal.project.id, key: principal.keyId }
    const placed = await withAttempt(context, idempotency, who, async (attempt) => {
      const { name, note, retain_until } = newHold(await jsonBody(context, watch), '')
      return await holds.place(
        principal,
        id,
        {
          name,
          ...(note !== undefined && { note }),
          ...(retain_until !== undefined && { retainUntil: retain_until }),
        },
        { ...by, attempt },
      )
    })
    sendJson(context, 200, presentHold(placed, context.state.dialect.presentId(id)))
  })

  router.get(path, async (context) => {
    const reader = await authorizeProject(context, authenticate, 'api.files.read')
    const { principal, id, by } = asked(context, reader, context.params.file ?? '')
    const shown = context.state.dialect.presentId(id)
    const present = (found: HoldsView) => ({
      object: 'list',
      data: found.holds.map((hold) => presentHold(hold, shown)),
      retain_until: found.retainUntil,
      has_more: false,
    })
    const { idAsSent } = by
    const asOf = parseAsOf(new URLSearchParams(context.querystring))
    if (asOf === undefined || history === undefined) {
      sendJson(context, 200, present(await holds.list(principal, id, idAsSent)))
      return
    }
    requireScope(principal, 'api.audit.read')
    const found = await history.holds(principal, id, { asOf, idAsSent })
    const list = { ...present(found), as_of: found.position }
    sendJson(context, 200, list, atPosition(found.position))
  })

  router.delete(`${path}/:hold`, async (context) => {
    const holder = await authorizeProject(context, authenticate, 'api.files.hold')
    const { file = '', hold = '' } = context.params
    const { principal, id, by } = asked(context, holder, file)
    await holds.release(principal, id, hold, by)
    sendJson(context, 200, { object: 'file.hold', name: hold, released: true })
  })
}

function presentHold(hold: HoldView, file: string): object {
  return {
    id: hold.id,
    object: 'file.hold',
    file_id: file,
    name: hold.name,
    note: hold.note,
    created_at: hold.createdAt,
    retain_until: hold.retainUntil,
  }
}
