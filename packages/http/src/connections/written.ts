import type { ServerResponse } from 'node:http'

/** Writes bytes, and resolves when their memory may serve again: the kernel has them, or the peer is gone. */
export function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.removeListener('close', done)
      resolve()
    }
    response.on('close', done)
    response.write(bytes, done)
  })
}
