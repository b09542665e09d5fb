import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Answer, answerOf } from './api-client.ts'

/** HTTP by hand, for what `fetch` does not let one do: broken, cut, slow. One answer after the other. */
export class RawConnection {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #isClosed = false
  #wake = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  /** `address`: such as `http://127.0.0.1:8080`. */
  static async open(address: string): Promise<RawConnection> {
    const { hostname: host, port } = new URL(address)
    const socket = connect({ host, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(...pieces: readonly (string | Uint8Array)[]): this {
    for (const piece of pieces) this.socket.write(piece)
    return this
  }

  /** The next answer, whole; `100 Continue` is one. @throws Error when the connection ends before */
  async answer(): Promise<Answer> {
    for (;;) {
      const found = this.#take()
      if (found !== undefined) return found
      if (this.#isClosed) throw new Error(`closed after "${this.#received}"`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when the server has closed the connection, or cut it. */
  async closed(): Promise<void> {
    if (this.#isClosed) return
    await new Promise((resolve) => this.socket.once('close', resolve))
  }

  /** Goes away, as a client that is done. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Goes away without a word, as a client that crashes. */
  vanish(): void {
    this.socket.resetAndDestroy()
  }

  #take(): Answer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1) return undefined
    const [first = '', ...lines] = this.#received
      .toString('latin1', 0, headEnd)
      .split('\r\n')
    const headers = new Headers(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trim()]
      }),
    )
    const status = Number(first.split(' ')[1])
    const hasBody = status !== 100 && status !== 304
    const end = headEnd + 4 + (hasBody ? Number(headers.get('content-length') ?? 0) : 0)
    if (this.#received.length < end) return undefined
    const body = this.#received.subarray(headEnd + 4, end)
    this.#received = this.#received.subarray(end)
    return answerOf(status, headers, body)
  }
}

/** Head of a request; header lines as they are. */
export function requestHead(request: string, ...lines: readonly string[]): string {
  return `${[`${request} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`
}
