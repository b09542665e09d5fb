import type { EventFilter, Following } from '@custody/service'
import { answerHeaders } from '../answers/answer-headers.ts'
import { drained } from '../connections/drained.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import type { HttpOptions } from '../http-options.ts'
import type { RequestContext } from '../request-context.ts'
import { createEventTexts } from './event-text.ts'

type Stream = { beat(): void; end(why: string): void }

/**
 * The live streams of a server (server-sent events).
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStreams {
  readonly #options: Pick<HttpOptions, 'heartbeatMs' | 'maxUnreadBytes'>
  readonly #watch: TransferWatch
  readonly #texts = createEventTexts()
  readonly #open = new Set<Stream>()
  #beats: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(
    options: Pick<HttpOptions, 'heartbeatMs' | 'maxUnreadBytes'>,
    watch: TransferWatch,
  ) {
    this.#options = options
    this.#watch = watch
  }

  /** Answers with the events that come, until either side ends it. */
  serve(context: RequestContext, following: Following, filter: EventFilter): void {
    const { res } = context
    const { dialect } = context.state
    context.respond = false
    if (res.destroyed || this.#isClosed) {
      following.stop()
      res.destroy()
      return
    }
    // It ends with its connection: a chunk around each write would take a quarter of the time that one reader costs
    // (RFC 9112 §6.3, item 8)
    res.removeHeader('transfer-encoding')
    res.writeHead(200, {
      ...answerHeaders(context.state),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Some proxies hold back what is small
      'x-accel-buffering': 'no',
    })
    let written = 0
    const write = (text: string | Buffer): void => {
      // What a reader does not take is not kept for it: it begins again where it was
      if (res.writableLength > this.#options.maxUnreadBytes) res.destroy()
      if (res.destroyed || res.writableEnded) return
      written += text.length
      res.write(text)
    }
    const stream: Stream = {
      beat: () => write(':\n\n'),
      end: (why) => {
        if (!res.writableEnded) res.end(`: ${why}\n\n`)
      },
    }
    const unwatch = this.#watch.watch({
      get bytes() {
        return written - res.writableLength
      },
      get waiting() {
        return res.writableLength > 0
      },
      idleMs: 0,
      cut: () => res.destroy(),
    })
    res.once('close', () => {
      unwatch()
      following.stop()
      this.#remove(stream)
    })
    this.#add(stream)
    // A reader that connects again before the first event came says from where
    write(`id: ${following.position}\n\n`)
    following.start({
      onEvents: (events) => {
        const text = this.#texts.of(events, filter, dialect)
        if (text !== undefined) write(text)
        return text?.length ?? 0
      },
      taken: async () => {
        if (res.writableNeedDrain) await drained(res)
      },
      onEnd: () => stream.end('the key was revoked or has expired'),
    })
  }

  /** Ends them all; no further one begins. */
  close(): void {
    this.#isClosed = true
    for (const stream of [...this.#open]) stream.end('the server is stopping')
  }

  #add(stream: Stream): void {
    this.#open.add(stream)
    this.#beats ??= setInterval(() => {
      for (const one of this.#open) one.beat()
    }, this.#options.heartbeatMs).unref()
  }

  #remove(stream: Stream): void {
    this.#open.delete(stream)
    if (this.#open.size > 0) return
    clearInterval(this.#beats)
    this.#beats = undefined
  }
}
