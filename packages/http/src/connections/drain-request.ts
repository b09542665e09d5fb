import type { IncomingMessage } from 'node:http'

/**
 * Reads and throws away what is left of a refused body, within bounds, then gives the connection up. A client
 * that is still sending sees the answer only if the server goes on reading: closed at once, most uploads of the
 * SDKs end in a connection error, which they retry with the whole body.
 */
export function drainRequest(
  request: IncomingMessage,
  bounds: { readonly drainMaxBytes: number; readonly drainMs: number },
): void {
  const { socket } = request
  let left = bounds.drainMaxBytes
  const timer = setTimeout(() => socket.destroy(), bounds.drainMs)
  const stop = () => clearTimeout(timer)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) socket.destroy()
  })
  request.once('end', () => {
    stop()
    socket.removeListener('close', stop)
  })
  // Once it is answered, a request does not hear any more that its connection broke
  socket.once('close', stop)
  request.resume()
}
