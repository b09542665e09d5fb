import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'
import { CustodyError, quote } from '@custody/domain/errors'
import type { ReactionEvent } from '@custody/plugin-api'
import { createRegistry, type Registry } from './declarations/registry.ts'
import { Following } from './following.ts'
import { defaultLimits } from './limits.ts'
import { acceptedOutcome, type Fault, parseReactionReply, parseReply } from './outcome.ts'
import type {
  FollowedValidation,
  FollowRequest,
  PluginContent,
  PluginHost,
  PluginHostOptions,
  PluginLogger,
  PurposeInfo,
  ReactionInfo,
  ValidatedBy,
  ValidationOutcome,
  ValidationRequest,
} from './types.ts'
import { keepLoopsInterruptible } from './workers/interruptible-loops.ts'
import { Job, type Work } from './workers/job.ts'
import { pluginFailed, reactionFailed } from './workers/plugin-failed.ts'
import { WorkerPool } from './workers/worker-pool.ts'

/** Content in memory up to this length shares messages with others. */
const SMALL_BYTES = 64 * 1024
const MAX_WORKERS = 64

/**
 * Loads the plugins in a worker thread, checks what they declare, and answers when files can come.
 *
 * @throws CustodyError `invalid_plugin`: one does not load, declares something wrong, is not content with
 * its options, or claims what another has
 */
export async function createPluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { plugins, logger, clock } = options
  const pool = new WorkerPool({
    modules: plugins.map(({ module }) => moduleUrl(module)),
    size: workerCount(options.workers),
    limits: { ...defaultLimits, ...options.limits },
    logger,
    clock,
  })
  try {
    const declarations = plugins.length === 0 ? [] : await pool.load()
    const registry = createRegistry(plugins, declarations, options.dialects)
    for (const { plugin, purpose } of registry.unownedChecks) {
      logger.warn({ plugin, purpose }, 'a plugin checks a purpose that no plugin has')
    }
    if (plugins.length > 0) await pool.configure(registry.pluginNames, registry.options)
    // Not before: with other flags Node compiles its own modules anew in each thread that starts
    keepLoopsInterruptible()
    return new WorkerPluginHost(registry, pool, logger)
  } catch (error) {
    await pool.close()
    throw error
  }
}

class WorkerPluginHost implements PluginHost {
  readonly purposes: ReadonlyMap<string, PurposeInfo>
  readonly reactions: readonly ReactionInfo[]
  readonly #registry: Registry
  readonly #pool: WorkerPool
  readonly #logger: PluginLogger
  /** Outcomes of purposes that nobody looks at. */
  readonly #unseen = acceptedOutcome(Object.freeze([]))

  constructor(registry: Registry, pool: WorkerPool, logger: PluginLogger) {
    this.purposes = registry.purposes
    this.reactions = registry.reactions
    this.#registry = registry
    this.#pool = pool
    this.#logger = logger
  }

  validate(request: ValidationRequest): ValidationOutcome | Promise<ValidationOutcome> {
    return this.#validate(request, false)
  }

  follow(request: FollowRequest): FollowedValidation {
    const { purpose, dialect } = request
    const validatedBy = this.#registry.lookersAt(purpose, dialect, Number.NaN)
    return new Following({
      request,
      pool: this.#pool,
      isStreaming: validatedBy.length > 0 && this.#registry.streaming.has(purpose),
      toOutcome: (reply) => this.#toOutcome(reply, validatedBy),
      validateWhole: (size, isRetry) => {
        const content = { path: request.path }
        return this.#validate({ ...request, size, content }, isRetry)
      },
    })
  }

  react(
    plugin: string,
    event: ReactionEvent,
    options: { readonly content?: PluginContent; readonly signal: AbortSignal },
  ): Promise<{ readonly retryAfter?: number }> {
    return new Promise((resolve, reject) => {
      const job = new Job({
        project: event.project,
        size: event.file.bytes,
        signal: options.signal,
        work: { kind: 'react', plugin, event, content: options.content ?? null },
        onReply: (reply) => {
          try {
            const result = parseReactionReply(reply)
            if ('fault' in result) throw this.#failure(result.fault, reactionFailed)
            resolve(result)
          } catch (error) {
            reject(error)
          }
        },
        onError: reject,
      })
      this.#pool.submitReaction(job)
    })
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #validate(
    request: ValidationRequest,
    isRetry: boolean,
  ): ValidationOutcome | Promise<ValidationOutcome> {
    const { purpose, dialect, filename, content, project, signal } = request
    const size = 'buffer' in content ? content.buffer.length : request.size
    const validatedBy = this.#registry.lookersAt(purpose, dialect, size)
    if (validatedBy.length === 0) return this.#unseen
    if (signal.aborted) return Promise.reject(signal.reason)
    const isSmall = 'buffer' in content && size <= SMALL_BYTES
    const work: Work = isSmall
      ? { kind: 'small', dialect, purpose, filename, bytes: content.buffer }
      : { kind: 'file', dialect, purpose, filename, content }
    return new Promise((resolve, reject) => {
      const job = new Job({
        project,
        size,
        signal,
        work,
        isRetry,
        onReply: (reply) => {
          try {
            resolve(this.#toOutcome(reply, validatedBy))
          } catch (error) {
            reject(error)
          }
        },
        onError: reject,
      })
      if (isSmall) this.#pool.submitSmall(job)
      else this.#pool.submitLarge(job)
    })
  }

  #toOutcome(reply: string, validatedBy: readonly ValidatedBy[]): ValidationOutcome {
    const outcome = parseReply(reply, validatedBy)
    if ('fault' in outcome) throw this.#failure(outcome.fault, pluginFailed)
    return outcome
  }

  #failure(
    { plugin, detail }: Fault,
    failed: (plugin: string) => CustodyError,
  ): CustodyError {
    this.#logger.error({ plugin, reason: 'error', detail }, 'a plugin failed')
    return failed(plugin)
  }
}

function moduleUrl(module: string): string {
  return module.startsWith('file:') ? module : pathToFileURL(module).href
}

function workerCount(workers = Math.max(2, availableParallelism())): number {
  if (Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS) return workers
  throw new CustodyError(
    'invalid_configuration',
    `${quote(workers)} plugin workers: the number is an integer from 1 to ${MAX_WORKERS}.`,
  )
}
