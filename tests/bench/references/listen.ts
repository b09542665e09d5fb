import type { Server } from 'node:http'

/** Listens on a free port of the loopback address and says which on standard output. */
export function listen(server: Server): void {
  // A large upload may take longer than Node's default of five minutes for a whole request.
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object')
      process.stdout.write(`http://127.0.0.1:${address.port}\n`)
  })
}
