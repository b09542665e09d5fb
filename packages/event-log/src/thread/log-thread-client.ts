import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import type {
  AppendOutcome,
  AppendRequest,
  AppendResult,
} from '../append/append-request.ts'
import type {
  FromThread,
  Generations,
  PackedCommand,
  Task,
  ThreadData,
  ToThread,
} from './messages.ts'

/** Commands and bytes that may wait before the queue says that it is full. */
const MAX_WAITING = 4096
const MAX_WAITING_BYTES = 64 * 1024 * 1024

export type LogThreadEvents = {
  /** Readers are to use these tables from now on. */
  readonly onGenerations: (generations: Generations) => void
  /** A command ran into a defect of ours; its caller was told `internal_error`. */
  readonly onDefect: (defect: Extract<FromThread, { kind: 'defect' }>) => void
  /** The thread is gone without having been asked: nothing can be appended any more. */
  readonly onLost: (error: Error) => void
}

/** The server's side of the log thread. */
export interface LogThread {
  readonly waiting: number
  append(
    request: AppendRequest,
    attachments: readonly Uint8Array[],
  ): Promise<AppendResult>
  task(task: Task): Promise<unknown>
  /** Finishes what was handed in, then ends the thread. */
  close(): Promise<void>
}

type Settle<T> = {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}
type Append = Settle<AppendResult> & {
  readonly bytes: number
  /** The message that it went out with. */
  message: { unanswered: number } | undefined
}

/**
 * Messages under way at once: one that the thread works on and one that is there when it has done. What
 * comes meanwhile waits here and makes a larger batch; a message for each would only wake the thread more.
 */
const MESSAGES_AHEAD = 2

export async function startLogThread(
  data: ThreadData,
  events: LogThreadEvents,
): Promise<LogThread> {
  const worker = new Worker(new URL('./log-thread.ts', import.meta.url), {
    workerData: data,
    // What the process was told to load beforehand is for its main thread.
    execArgv: [],
    name: 'custody-log',
  })
  const appends = new Map<number, Append>()
  const tasks = new Map<number, Settle<unknown>>()
  let nextId = 1
  let waitingBytes = 0
  let lost: Error | undefined
  let closed: (() => void) | undefined
  let running = false
  const ready = Promise.withResolvers<Generations>()
  let messagesUnderWay = 0
  let flushing = false
  let outbox: {
    id: number
    request: AppendRequest
    attachments: readonly Uint8Array[]
  }[] = []

  const send = (message: ToThread, transfer: ArrayBuffer[] = []) =>
    worker.postMessage(message, transfer)

  /** What one turn of the event loop brought together goes out as one message. */
  function flush(): void {
    flushing = false
    if (outbox.length === 0 || messagesUnderWay >= MESSAGES_AHEAD) return
    const batch = outbox
    outbox = []
    messagesUnderWay += 1
    const message = { unanswered: batch.length }
    let size = 0
    for (const { attachments } of batch) for (const one of attachments) size += one.length
    const packed = new Uint8Array(size)
    let offset = 0
    const commands: PackedCommand[] = []
    for (const { id, request, attachments } of batch) {
      const append = appends.get(id)
      if (append) append.message = message
      const spans: [number, number][] = []
      for (const one of attachments) {
        packed.set(one, offset)
        spans.push([offset, one.length])
        offset += one.length
      }
      commands.push({ id, request, spans })
    }
    send(
      { kind: 'append', commands: JSON.stringify(commands), attachments: packed.buffer },
      [packed.buffer],
    )
  }

  function scheduleFlush(): void {
    if (flushing) return
    flushing = true
    setImmediate(flush)
  }

  function settleAppends(text: string): void {
    const outcomes: [number, AppendOutcome][] = JSON.parse(text)
    for (const [id, outcome] of outcomes) {
      const append = appends.get(id)
      if (!append) continue
      appends.delete(id)
      waitingBytes -= append.bytes
      const { message } = append
      if (message) {
        message.unanswered -= 1
        if (message.unanswered === 0) messagesUnderWay -= 1
      }
      if ('error' in outcome) append.reject(CustodyError.revive(outcome.error))
      else append.resolve(outcome)
    }
    // Before any of the answers is acted on: the thread works on while they are told.
    flush()
  }

  /** The thread is gone; unless it was told to go, or never came, that is news. */
  function end(error: Error): void {
    ready.reject(error)
    if (lost) return
    lost = error
    for (const { reject } of [...appends.values(), ...tasks.values()]) reject(error)
    appends.clear()
    tasks.clear()
    if (running && !closed) events.onLost(error)
  }

  worker.on('message', (message: FromThread) => {
    switch (message.kind) {
      case 'ready':
        running = true
        return ready.resolve(message.generations)
      case 'failed':
        // At once: the end of the thread may follow before any promise is heard.
        lost = CustodyError.revive(message.error)
        return ready.reject(lost)
      case 'appended':
        return settleAppends(message.outcomes)
      case 'generations':
        events.onGenerations(message.generations)
        return send({ kind: 'followed' })
      case 'task':
        tasks.get(message.id)?.resolve(message.result)
        tasks.delete(message.id)
        return
      case 'task-failed':
        tasks.get(message.id)?.reject(CustodyError.revive(message.error))
        tasks.delete(message.id)
        return
      case 'defect':
        return events.onDefect(message)
      case 'closed':
        return closed?.()
    }
  })
  worker.on('error', (error) =>
    end(error instanceof Error ? error : new Error(String(error))),
  )
  worker.on('exit', () =>
    end(new CustodyError('internal_error', 'The log thread has ended.')),
  )
  try {
    events.onGenerations(await ready.promise)
  } catch (error) {
    await worker.terminate()
    throw error
  }

  return {
    get waiting() {
      return appends.size
    },
    append(request, attachments) {
      if (closed) return Promise.reject(stopping())
      if (lost) return Promise.reject(lost)
      let bytes = 0
      for (const one of attachments) bytes += one.length
      if (appends.size >= MAX_WAITING || waitingBytes + bytes > MAX_WAITING_BYTES) {
        return Promise.reject(overloaded(appends.size))
      }
      const id = nextId
      nextId += 1
      waitingBytes += bytes
      outbox.push({ id, request, attachments })
      scheduleFlush()
      return new Promise((resolve, reject) => {
        appends.set(id, { resolve, reject, bytes, message: undefined })
      })
    },
    task(task) {
      if (closed) return Promise.reject(stopping())
      if (lost) return Promise.reject(lost)
      const id = nextId
      nextId += 1
      send({ kind: 'task', id, task })
      return new Promise((resolve, reject) => tasks.set(id, { resolve, reject }))
    },
    async close() {
      if (lost || closed) return
      messagesUnderWay = 0
      flush()
      await new Promise<void>((resolve) => {
        closed = resolve
        worker.once('exit', () => resolve())
        send({ kind: 'close' })
      })
      await worker.terminate()
    },
  }
}

function overloaded(waiting: number): CustodyError {
  return new CustodyError(
    'overloaded',
    `The server is overloaded: ${waiting} writes are waiting. Try again in a moment.`,
    { headers: { 'retry-after': '1' } },
  )
}

function stopping(): CustodyError {
  return new CustodyError('overloaded', 'The server is stopping.', {
    headers: { 'retry-after': '1' },
  })
}
