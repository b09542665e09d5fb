import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads'
import { threadEnvironment } from '@custody/blob-store/thread-environment'
import { describeFault } from '../describe-fault.ts'
import {
  type ControlBlock,
  controlBlock,
  type FromThread,
  offset,
  type ThreadContent,
  type ThreadData,
  type ToThread,
  word,
} from '../protocol.ts'
import type { PluginClock, PluginHostLimits, PluginLogger } from '../types.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import { HeldJobs } from './held-jobs.ts'
import type { Job } from './job.ts'
import { LineLimiter } from './line-limiter.ts'
import { MemoryWatch } from './memory-watch.ts'
import { packBatch } from './pack-batch.ts'
import { threadContent, transferOf } from './thread-content.ts'

const entry = new URL(
  import.meta.url.endsWith('.ts') ? '../thread/main.ts' : '../thread/main.js',
  import.meta.url,
)

/**
 * V8 aborts the whole process when one allocation overshoots a worker's heap limit (a growing Map does), so
 * this must never be reached: the host ends a worker long before, at `memoryBytes`.
 */
const HEAP_BACKSTOP_MIB = 2048

export type PluginWorkerOptions = {
  /** URLs. */
  readonly modules: readonly string[]
  readonly limits: PluginHostLimits
  readonly logger: PluginLogger
  readonly clock: PluginClock
  /** The plugins are loaded; {@link PluginWorker.configure} is to follow. */
  readonly onDeclared: (worker: PluginWorker, declarations: readonly string[]) => void
  readonly onReady: (worker: PluginWorker) => void
  /** Replies came, so that the worker may have room. */
  readonly onRoom: (worker: PluginWorker) => void
  readonly onDeath: (worker: PluginWorker, death: Death) => void
}

export type Death = {
  readonly reason: 'deadline' | 'memory' | 'abandoned' | 'closed' | 'exit' | 'unloadable'
  /** For people. */
  readonly detail: string
  /** What the worker held: `stage` says whether and in which plugin a file was. */
  readonly jobs: readonly Job[]
  /** The one that must have been it. */
  readonly culprit: Job | undefined
}

/** One worker thread with what it holds, and the watch over it. */
export class PluginWorker {
  readonly #options: PluginWorkerOptions
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #control: ControlBlock
  readonly #jobs: HeldJobs
  readonly #deadlines: DeadlineWatch
  readonly #memory: MemoryWatch
  readonly #bornAt: number
  #state: 'starting' | 'ready' | 'ending' = 'starting'
  #wasReady = false
  #alone: Job | undefined
  #hasServed = false
  #abandonedAt: number | undefined
  #death: { reason: Death['reason']; detail: string; culprit?: Job } | undefined

  constructor(options: PluginWorkerOptions) {
    this.#options = options
    this.#bornAt = options.clock.now()
    this.#control = controlBlock()
    this.#jobs = new HeldJobs(this.#control)
    this.#deadlines = new DeadlineWatch(this.#jobs, this.#control, options)
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const workerData: ThreadData = {
      port: port2,
      memory: this.#control.memory,
      modules: options.modules,
    }
    this.#worker = new Worker(entry, {
      workerData,
      transferList: [port2],
      name: 'custody-plugins',
      env: threadEnvironment(),
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_BACKSTOP_MIB },
    })
    this.#memory = new MemoryWatch({
      worker: this.#worker,
      control: this.#control,
      memoryBytes: options.limits.memoryBytes,
      clock: options.clock,
      onOver: (bytes) => this.#endForMemory(bytes),
    })
    port1.on('message', (message: FromThread) => this.#receive(message))
    this.#worker.on('error', (error) => {
      const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      const reason = isMemory ? 'memory' : 'exit'
      this.#death ??= { reason, detail: describeFault(error) }
    })
    this.#worker.on('exit', (code) => this.#die(code))
    this.#capture(this.#worker.stdout, 'info')
    this.#capture(this.#worker.stderr, 'warn')
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** It has been ready once, so its end says nothing about loading the plugins. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  get isStarting(): boolean {
    return this.#state === 'starting'
  }

  /** Files that it holds. */
  get load(): number {
    return this.#jobs.size
  }

  /** What it works on alone, taking nothing beside it. */
  get alone(): Job | undefined {
    return this.#alone
  }

  get jobs(): IterableIterator<Job> {
    return this.#jobs.values()
  }

  /** It has not got on for a while with files that wait for nothing outside. */
  get isStandingStill(): boolean {
    return this.#deadlines.isStandingStill
  }

  configure(options: readonly unknown[]): void {
    this.#post({ kind: 'configure', options })
  }

  /** Hands over small files in one message, which carries all their bytes in one buffer. */
  sendBatch(jobs: readonly Job[]): void {
    const message = packBatch(jobs, (job) => this.#hold(job))
    this.#post(message, message.bytes)
  }

  /** Hands over something that the worker takes alone. */
  sendAlone(job: Job): void {
    this.#alone = job
    this.#abandonedAt = undefined
    Atomics.store(this.#control.words, word.abandoned, 0)
    const { work } = job
    if (work.kind === 'small') {
      this.sendBatch([job])
      return
    }
    const slot = this.#hold(job)
    if (work.kind === 'react') {
      const { plugin, event } = work
      const content = work.content === null ? null : threadContent(work.content)
      this.#post({ kind: 'react', slot, plugin, event, content }, transferOf(content))
      return
    }
    const { dialect, purpose, filename: name } = work
    let content: ThreadContent
    if (work.kind === 'followed') {
      this.#noteProgress(job)
      content = { kind: 'followed', path: work.path }
    } else content = threadContent(work.content)
    this.#post(
      { kind: 'file', slot, dialect, purpose, name, content },
      transferOf(content),
    )
  }

  /** The writer of a followed file has come further. */
  advance(job: Job): void {
    if (this.#alone !== job) return
    const { words, offsets } = this.#control
    this.#noteProgress(job)
    const total = Atomics.load(offsets, offset.total)
    const wanted = Atomics.load(offsets, offset.wanted)
    if (total < 0n && Atomics.load(offsets, offset.written) < wanted) return
    // Only once for each wait: the flag is up again when the thread waits for more.
    if (Atomics.compareExchange(words, word.waiting, 1, 0) === 1) {
      this.#post({ kind: 'wake' })
    }
  }

  /** Nobody waits for the job any more. What runs alone is ended if it does not end by itself soon. */
  abandon(job: Job): void {
    const slot = this.#jobs.slotOf(job)
    if (slot === undefined) return
    if (this.#alone === job) {
      Atomics.store(this.#control.words, word.abandoned, 1)
      this.#abandonedAt ??= this.#options.clock.now()
    }
    this.#post({ kind: 'abort', slot })
  }

  /**
   * Small files that wait in a thread that stands still: another worker may look at them meanwhile. Should
   * the thread come to them after all, its replies are not looked at.
   */
  takeBackUnstarted(): readonly Job[] {
    if (!this.isStandingStill) return []
    const taken: Job[] = []
    for (const [slot, job] of this.#jobs.entries()) {
      if (job === this.#alone || job.stage > 0 || job.isDone) continue
      taken.push(job)
      this.#jobs.takeBack(slot)
    }
    return taken
  }

  /** Looks after deadlines and memory; to be called about every 100 ms while it is busy or starts. */
  watch(): void {
    const now = this.#options.clock.now()
    const { limits } = this.#options
    if (this.#state === 'starting') {
      if (now - this.#bornAt <= limits.startMs) return
      this.end('unloadable', `it did not load within ${limits.startMs} ms`)
      return
    }
    if (this.#state === 'ending' || this.#jobs.size === 0) return
    this.#memory.measure()
    const late = this.#deadlines.findLate(now, this.#alone)
    if (late !== undefined) {
      const detail = `no verdict and no byte read within the deadline`
      this.end('deadline', detail, late)
    } else if (this.#deadlines.isIdle(now)) {
      this.end('deadline', 'the thread stands still outside of any file')
    } else if (
      this.#abandonedAt !== undefined &&
      now - this.#abandonedAt > limits.graceMs
    ) {
      this.end('abandoned', 'an abandoned validation did not end by itself')
    }
  }

  /** Ends the thread; `onDeath` follows. */
  end(reason: Death['reason'], detail: string, culprit?: Job): Promise<number> {
    this.#state = 'ending'
    this.#death ??= { reason, detail, ...(culprit === undefined ? {} : { culprit }) }
    return this.#worker.terminate()
  }

  #endForMemory(bytes: number): void {
    if (this.#state !== 'ready') return
    const { memoryBytes } = this.#options.limits
    this.end(
      'memory',
      `${bytes} bytes of heap and buffers; at most ${memoryBytes} are allowed`,
    )
  }

  #receive(message: FromThread): void {
    if ('kind' in message) {
      this.#receiveOther(message)
      return
    }
    for (let i = 0; i < message.length; i += 2) {
      const slot = message[i]
      const reply = message[i + 1]
      if (typeof slot === 'number' && typeof reply === 'string') {
        this.#release(slot)?.reply(reply)
      }
    }
    this.#hasServed = true
    this.#deadlines.noteActivity()
    if (this.#state === 'ready') this.#options.onRoom(this)
  }

  #receiveOther(message: Exclude<FromThread, readonly unknown[]>): void {
    switch (message.kind) {
      case 'declared':
        this.#options.onDeclared(this, message.declarations)
        return
      case 'ready':
        this.#state = 'ready'
        this.#wasReady = true
        this.#options.onReady(this)
        return
      case 'unloadable':
        this.#death ??= {
          reason: 'unloadable',
          detail: message.reason,
        }
        void this.#worker.terminate()
        return
      case 'log':
        this.#log(message.level, message.plugin, message.text)
        return
      case 'read':
        void this.#readFor(message.slot, message.id, message.start, message.end)
    }
  }

  async #readFor(slot: number, id: number, start: number, end: number): Promise<void> {
    const job = this.#jobs.get(slot)
    if (job === undefined || !('content' in job.work) || job.work.content === null) return
    if (!('source' in job.work.content)) return
    try {
      const bytes = new Uint8Array(await job.work.content.source.read(start, end))
      this.#post({ kind: 'bytes', id, bytes }, bytes.buffer)
    } catch (error) {
      job.fail(error)
      this.#post({ kind: 'bytes', id, bytes: String(error) })
    }
  }

  #die(code: number): void {
    this.#state = 'ending'
    // Replies that the thread sent before its end count.
    for (;;) {
      const received = receiveMessageOnPort(this.#port)
      if (received === undefined) break
      this.#receive(received.message)
    }
    this.#port.close()
    const death = this.#death ?? {
      reason: 'exit',
      detail: `the thread ended with exit code ${code}`,
    }
    const jobs: Job[] = []
    for (const [slot, job] of this.#jobs.entries()) {
      job.stage = this.#jobs.stageOf(slot)
      if (!job.isDone) jobs.push(job)
    }
    this.#options.onDeath(this, {
      reason: death.reason,
      detail: this.#wasReady ? death.detail : `'${this.#loading()}': ${death.detail}`,
      jobs,
      culprit: death.culprit ?? this.#soleSuspect(jobs),
    })
  }

  #loading(): string {
    const { modules } = this.#options
    return modules[Atomics.load(this.#control.words, word.loading) - 1] ?? 'worker'
  }

  /** With nobody else ever in the thread, the file in it was it. */
  #soleSuspect(jobs: readonly Job[]): Job | undefined {
    const started = jobs.filter(({ stage }) => stage > 0)
    return started.length === 1 && !this.#hasServed ? started[0] : undefined
  }

  #hold(job: Job): number {
    if (this.#jobs.size === 0) this.#deadlines.noteActivity()
    return this.#jobs.hold(job)
  }

  #release(slot: number): Job | undefined {
    const job = this.#jobs.release(slot)
    if (job !== undefined && this.#alone === job) {
      this.#alone = undefined
      this.#abandonedAt = undefined
    }
    return job
  }

  #noteProgress({ work }: Job): void {
    if (work.kind !== 'followed') return
    const { offsets } = this.#control
    const { written, total } = work.progress
    Atomics.store(offsets, offset.written, BigInt(written))
    Atomics.store(offsets, offset.total, total === null ? -1n : BigInt(total))
  }

  #post(message: ToThread, transfer?: ArrayBuffer): void {
    this.#port.postMessage(message, transfer === undefined ? [] : [transfer])
  }

  /** What bypasses `console` has no plugin's name. */
  #capture(stream: NodeJS.ReadableStream, level: 'info' | 'warn'): void {
    const limiter = new LineLimiter(() => this.#options.clock.now())
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      for (const line of limiter.admit(text.trimEnd().slice(0, 2000))) {
        this.#log(level, null, line)
      }
    })
  }

  #log(level: 'info' | 'warn', plugin: string | null, text: string): void {
    this.#options.logger[level]({ plugin }, text)
  }
}
