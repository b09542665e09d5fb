import type { ServerResponse } from 'node:http'

/** A signal that is aborted when the connection ends before the answer is whole. */
export function abortWhenGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (response.destroyed) controller.abort()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
