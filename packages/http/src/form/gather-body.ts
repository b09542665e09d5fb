import type { IncomingMessage } from 'node:http'
import { ClientGoneError } from '../answers/client-gone-error.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import { requestTooSlow } from './form-errors.ts'

/**
 * The whole body in one piece. `limit` bounds it: with a declared length over it this must not be called, and a
 * chunked body that goes over it is refused with what `tooLarge` makes.
 *
 * @throws ClientGoneError
 * @throws CustodyError `request_timeout`
 */
export function gatherBody(
  request: IncomingMessage,
  watch: TransferWatch,
  limit: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined
    let more: Buffer[] | undefined
    const transfer = {
      bytes: 0,
      waiting: true,
      idleMs: 0,
      cut: (reason: string) => fail(requestTooSlow(reason)),
    }
    const unwatch = watch.watch(transfer)
    const onData = (chunk: Buffer) => {
      transfer.bytes += chunk.length
      if (transfer.bytes > limit) fail(tooLarge())
      // A small body mostly comes with its head, in one chunk
      else if (first === undefined) first = chunk
      else if (more === undefined) more = [first, chunk]
      else more.push(chunk)
    }
    const onEnd = () => {
      unwatch()
      request.removeListener('close', onClose)
      if (more !== undefined) resolve(Buffer.concat(more, transfer.bytes))
      else resolve(first ?? Buffer.alloc(0))
    }
    const onClose = () => fail(new ClientGoneError())
    const fail = (error: Error) => {
      unwatch()
      request.removeListener('data', onData)
      request.removeListener('end', onEnd)
      request.removeListener('close', onClose)
      request.pause()
      reject(error)
    }
    if (isGone(request)) {
      fail(new ClientGoneError())
      return
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
  })
}

/** Whether the connection broke before anybody listened: neither `end` nor `close` will come any more. */
export function isGone(request: IncomingMessage): boolean {
  return request.destroyed && !request.readableEnded
}
