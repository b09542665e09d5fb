import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The open connections of a server, and the newest exchange on each. */
export class Connections {
  readonly #newest = new Map<Duplex, ServerResponse | undefined>()
  #closing = false

  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.#newest.set(socket, undefined)
      socket.once('close', () => this.#newest.delete(socket))
    })
  }

  /** A request came in. */
  began(response: ServerResponse): void {
    const { socket } = response.req
    if (this.#newest.has(socket)) this.#newest.set(socket, response)
    if (this.#closing) response.shouldKeepAlive = false
  }

  /** The newest exchange of a connection, if it has not ended. */
  runningOn(socket: Duplex): ServerResponse | undefined {
    const response = this.#newest.get(socket)
    return response === undefined || response.writableFinished ? undefined : response
  }

  /** Whether the newest request was answered before its body had come. */
  drainsOn(socket: Duplex): boolean {
    const response = this.#newest.get(socket)
    return response?.writableFinished === true && !response.req.complete
  }

  /**
   * Cuts clients that do not take an answer which is ready in full. Node's own socket time-out knows whether bytes
   * still move, and destroys the connection when they do not; armed for every request it would cost each of them,
   * so it is armed here, for those few. Node disarms it when the answer is through.
   */
  guardUnread(idleMs: number): void {
    for (const response of this.#newest.values()) {
      if (!response?.writableEnded || response.writableFinished) continue
      const { socket } = response.req
      // Setting it again would start it again
      if (socket.timeout !== idleMs) socket.setTimeout(idleMs)
    }
  }

  /** From now on every answer ends its connection. */
  beginClosing(): void {
    this.#closing = true
    for (const response of this.#newest.values()) {
      if (response !== undefined && !response.headersSent)
        response.shouldKeepAlive = false
    }
  }
}
