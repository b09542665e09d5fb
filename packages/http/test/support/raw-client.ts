import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type RawAnswer = {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** The body as JSON. */
  json(): { error: { message: string; type: string; param: string | null; code: string } }
}

/** HTTP by hand over a socket, for what `fetch` does not let one do. */
export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #closed = false
  #wake = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  get closed(): boolean {
    return this.#closed
  }

  send(...pieces: readonly (string | Uint8Array)[]): this {
    for (const piece of pieces) this.socket.write(piece)
    return this
  }

  /** The next whole answer, `100 Continue` included. Rejects when the connection ends before. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const found = this.#take()
      if (found !== undefined) return found
      if (this.#closed) throw new Error(`connection closed after ${this.#received}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when the server has closed the connection. */
  async end(): Promise<void> {
    if (this.#closed) return
    await new Promise((resolve) => this.socket.once('close', resolve))
  }

  destroy(): void {
    this.socket.destroy()
  }

  #take(): RawAnswer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1) return undefined
    const [first = '', ...lines] = this.#received
      .toString('latin1', 0, headEnd)
      .split('\r\n')
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const status = Number(first.split(' ')[1])
    const hasBody = status !== 100 && status !== 304
    const end = headEnd + 4 + (hasBody ? Number(headers.get('content-length') ?? 0) : 0)
    if (this.#received.length < end) return undefined
    const body = this.#received.toString('utf8', headEnd + 4, end)
    this.#received = this.#received.subarray(end)
    return { status, headers, body, json: () => JSON.parse(body) }
  }
}
