import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { WireEvent } from './event-list.ts'

/** What a live stream said. */
export type Message = {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: WireEvent | undefined
}

/** A reader of a live stream, as a browser's EventSource reads one, that lets a test see everything. */
export class EventReader {
  readonly response: IncomingMessage
  readonly messages: Message[] = []
  readonly comments: string[] = []
  readonly #request: ClientRequest
  #text = ''
  #isOver = false
  #wake = () => {}

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#take(text))
    for (const end of ['end', 'error', 'close']) {
      response.on(end, () => {
        this.#isOver = true
        this.#wake()
      })
    }
  }

  /** Resolves when the head has come. */
  static async open(
    url: string,
    key: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventReader> {
    const outgoing = request(url, {
      agent: false,
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
        ...headers,
      },
    })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve)
      outgoing.on('error', reject)
      outgoing.end()
    })
    return new EventReader(outgoing, response)
  }

  /** Events, without what has only an id. */
  get events(): WireEvent[] {
    return this.messages.flatMap(({ data }) => (data ? [data] : []))
  }

  /** Resolves when that many events have come. @throws Error when the stream ends before */
  async until(events: number): Promise<WireEvent[]> {
    await this.#when(() => this.events.length >= events, `${events} events`)
    return this.events
  }

  /** Resolves when the stream has said where it begins. */
  async begun(): Promise<string> {
    await this.#when(() => this.messages.length > 0, 'the begin')
    return this.messages[0]?.id ?? ''
  }

  /** Resolves when the server has ended it. */
  async ended(): Promise<void> {
    while (!this.#isOver) await this.#news()
  }

  close(): void {
    this.#request.destroy()
  }

  async #when(isSo: () => boolean, what: string): Promise<void> {
    while (!isSo()) {
      if (this.#isOver) throw new Error(`ended before ${what}`)
      await this.#news()
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #take(text: string): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith(':')) this.comments.push(block.slice(1).trim())
      else this.messages.push(parse(block))
    }
    this.#wake()
  }
}

function parse(block: string): Message {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    }),
  )
  const data = fields.get('data')
  return {
    id: fields.get('id'),
    event: fields.get('event'),
    data: data === undefined ? undefined : JSON.parse(data),
  }
}
