import type { OutgoingHttpHeaders } from 'node:http'
import type { RequestState } from '../request-context.ts'

/** The headers that every answer has. The object is fresh: callers add theirs to it. */
export function answerHeaders(state: RequestState): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'x-request-id': state.requestId,
    'openai-processing-ms': Math.max(0, Math.round(state.clock.now() - state.startedAt)),
  }
  if (state.attempt?.replayed) headers['idempotent-replayed'] = 'true'
  return state.rate === undefined ? headers : Object.assign(headers, state.rate)
}
