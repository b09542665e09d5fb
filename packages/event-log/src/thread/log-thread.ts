import { createHash, randomFillSync } from 'node:crypto'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import type { BatchCommand } from '../append/append-batch.ts'
import type { AppendOutcome } from '../append/append-request.ts'
import { openSqliteLogWriter } from '../engines/sqlite/sqlite-log-writer.ts'
import { sharedClock, systemClock } from '../log-clock.ts'
import type { LogModule } from '../log-module.ts'
import type { LogWriter } from '../log-writer.ts'
import type { FromThread, PackedCommand, Task, ThreadData, ToThread } from './messages.ts'

/**
 * The log thread: everything from `decide` to COMMIT happens here, so no fsync ever stops the event loop
 * of the server. Entry of a worker; see log-thread-client.ts for the other side.
 */

/** A batch takes what is waiting, up to the first of these. */
const MAX_COMMANDS = 256
const MAX_BYTES = 2 * 1024 * 1024

type Waiting = {
  readonly id: number
  readonly command: BatchCommand
  readonly bytes: number
}

if (parentPort) await run(parentPort, workerData as ThreadData)

async function run(
  port: NonNullable<typeof parentPort>,
  data: ThreadData,
): Promise<void> {
  const post = (message: FromThread) => port.postMessage(message)
  let writer: LogWriter
  try {
    const { logModule }: { logModule: LogModule } = await import(data.module)
    writer = await openSqliteLogWriter({
      path: data.path,
      driver: data.driver,
      module: logModule,
      genesis: data.genesis,
      clock: data.clock ? sharedClock(data.clock) : systemClock,
      random: data.seed === null ? randomPool() : seededBytes(data.seed),
      onDefect: (error, request) =>
        post(toDefect(error, request.command.type, request.request)),
      onRebuildFailed: (error) => post(toDefect(error, 'rebuild', '')),
    })
  } catch (error) {
    post({ kind: 'failed', error: toData(error) })
    port.close()
    return
  }

  const waiting: Waiting[] = []
  const tasks: { readonly id: number; readonly task: Task }[] = []
  let generations = writer.generations
  let closing = false
  let working = false
  // What an earlier process left half built or half removed.
  let background = true

  function take(message: ToThread): void {
    if (message.kind === 'append') {
      const packed: PackedCommand[] = JSON.parse(message.commands)
      for (const { id, request, spans } of packed) {
        let bytes = 0
        const attachments = spans.map(([offset, length]) => {
          bytes += length
          return new Uint8Array(message.attachments, offset, length)
        })
        waiting.push({ id, command: { request, attachments }, bytes })
      }
    } else if (message.kind === 'task') tasks.push(message)
    else if (message.kind === 'followed') {
      writer.releaseRetired()
      background = true
    } else closing = true
  }

  /** Messages that came while the thread was busy, without a turn of the event loop for each. */
  function drainPort(): void {
    for (;;) {
      const received = receiveMessageOnPort(port)
      if (!received) return
      take(received.message)
    }
  }

  async function work(): Promise<void> {
    if (working) return
    working = true
    for (;;) {
      drainPort()
      if (waiting.length > 0) await appendSome()
      const next = tasks.shift()
      if (next) await runTask(next.id, next.task)
      if (waiting.length > 0 || tasks.length > 0) continue
      if (closing) break
      if (!background) break
      background = await writer.rebuildSlice()
      // A turn of the event loop, so that a message can arrive between slices.
      await new Promise((resolve) => setImmediate(resolve))
    }
    working = false
    if (closing) {
      await writer.close()
      post({ kind: 'closed' })
      port.close()
    }
  }

  async function appendSome(): Promise<void> {
    let bytes = 0
    let count = 0
    while (count < waiting.length && count < MAX_COMMANDS && bytes < MAX_BYTES) {
      bytes += waiting[count]?.bytes ?? 0
      count += 1
    }
    const batch = waiting.splice(0, count)
    const outcomes = await writer.append(batch.map((one) => one.command))
    const answers: [number, AppendOutcome | undefined][] = batch.map((one, index) => [
      one.id,
      outcomes[index],
    ])
    if (writer.generations !== generations) {
      generations = writer.generations
      // Before the answers: who reads after one of them must see the new tables.
      post({ kind: 'generations', generations })
    }
    post({ kind: 'appended', outcomes: JSON.stringify(answers) })
  }

  async function runTask(id: number, task: Task): Promise<void> {
    try {
      post({ kind: 'task', id, result: await perform(task) })
    } catch (error) {
      post({ kind: 'task-failed', id, error: toData(error) })
    }
  }

  async function perform(task: Task): Promise<unknown> {
    switch (task.kind) {
      case 'create-consumer':
        return await writer.createConsumer(task.name, task.position)
      case 'save-consumer':
        return await writer.saveConsumer(task.state, task.expected)
      case 'forget-idempotency':
        return await writer.forgetIdempotency()
      case 'keep-checkpoint':
        return await writer.keepCheckpoint(task.checkpoint)
      case 'purge':
        return await writer.purge(task.from)
      case 'rebuild':
        await writer.startRebuild(task.projection)
        background = true
        return
      case 'rebuilds':
        return await writer.rebuilds()
    }
  }

  port.on('message', (message: ToThread) => {
    take(message)
    void work()
  })
  post({ kind: 'ready', generations })
  void work()
}

function toDefect(error: unknown, command: string, request: string): FromThread {
  const message = String(error instanceof Error ? error.message : error)
  const stack = error instanceof Error ? error.stack : undefined
  return { kind: 'defect', message, stack, command, request }
}

function toData(error: unknown) {
  if (error instanceof CustodyError) return error.toData()
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new CustodyError('internal_error', message).toData()
}

/** Random bytes from a pool: one system call fills many salts. */
function randomPool(): (bytes: number) => Uint8Array {
  let pool = Buffer.alloc(0)
  return (bytes) => {
    if (pool.length < bytes) pool = randomFillSync(Buffer.allocUnsafeSlow(4096))
    const taken = pool.subarray(0, bytes)
    pool = pool.subarray(bytes)
    return taken
  }
}

/** The same bytes for the same seed: for tests that compare two logs. */
function seededBytes(seed: string): (bytes: number) => Uint8Array {
  let count = 0
  return (bytes) => {
    count += 1
    return createHash('shake256', { outputLength: bytes })
      .update(`${seed} ${count}`)
      .digest()
  }
}
