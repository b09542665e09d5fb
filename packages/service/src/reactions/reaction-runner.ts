import { CustodyError, type FileState, type PlacedEvent, upcast } from '@custody/domain'
import { type ConsumerState, formatTime, toLogEvent } from '@custody/event-log'
import { findFile } from '@custody/file-index'
import { openFileContent } from '../files/file-content.ts'
import type { DamageLog } from '../integrity/damage-log.ts'
import type { PluginContent, ReactionInfo } from '../plugin-host/index.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** Failures in a row after which a consumer stops and is reported. */
const MAX_ATTEMPTS = 10

/** Events that one read takes. */
const PAGE = 100

const REACTION_TYPES = ['FileUploaded', 'FileExpired', 'FileDeleted'] as const

type ReactionType = (typeof REACTION_TYPES)[number]
type FileEvent = PlacedEvent<ReactionType>

/**
 * Delivers events to the plugins that react to them: after commit, in order, at least once. Each plugin
 * is a durable consumer with a checkpoint of its own; it begins where it was first configured.
 */
export interface ReactionRunner {
  /** Registers the consumers. @throws CustodyError when a checkpoint is ahead of the log */
  start(): Promise<void>
  /** Handles what there is. Resolves to the Unix milliseconds of the next attempt, where one waits. */
  run(signal: AbortSignal): Promise<number | undefined>
  /** The position of the event that a stopped consumer is to handle next. */
  nextPosition(consumer: ConsumerState): Promise<number | undefined>
}

export function createReactionRunner(
  environment: Pick<ServiceEnvironment, 'log' | 'blobs' | 'plugins' | 'clock' | 'logger'>,
  damageLog: Pick<DamageLog, 'found'>,
): ReactionRunner {
  const { log, plugins, clock, logger } = environment
  const { reader } = log
  const reactions = new Map(plugins.reactions.map((one) => [one.plugin, one]))

  async function readAfter(
    position: number,
    reaction: ReactionInfo,
  ): Promise<FileEvent[]> {
    const types = REACTION_TYPES.filter((type) => reaction.types.includes(type))
    const page = await reader.read({ from: position, limit: PAGE, types })
    return page.map((stored) => toLogEvent(stored, upcast) as FileEvent)
  }

  const wants = (reaction: ReactionInfo, purpose: string) =>
    reaction.purposes === '*' || reaction.purposes.includes(purpose)

  async function contentOf(
    state: FileState,
    signal: AbortSignal,
  ): Promise<PluginContent> {
    const hasEnded = () =>
      new CustodyError('file_not_found', `File ${state.id} has ended.`)
    const opened = await openFileContent(environment, state, damageLog, hasEnded)
    if (opened.inline) return { buffer: opened.inline }
    return {
      source: {
        size: state.bytes,
        async read(start, end) {
          const chunks: Uint8Array[] = []
          for await (const chunk of opened.read(start, end, { signal }))
            chunks.push(chunk)
          return Buffer.concat(chunks)
        },
      },
    }
  }

  /** Delivers one event. Resolves to what the plugin answered; undefined: it was not for it. */
  async function deliver(reaction: ReactionInfo, event: FileEvent, signal: AbortSignal) {
    const state = await findFile(reader.sql, event.stream)
    if (!state || !wants(reaction, state.purpose)) return undefined
    const content = state.ended ? undefined : await contentOf(state, signal)
    return await plugins.react(
      reaction.plugin,
      {
        type: event.type,
        position: String(event.seq),
        time: formatTime(event.time),
        project: event.project,
        file: {
          id: state.id,
          purpose: state.purpose,
          bytes: state.bytes,
          filename: state.filename,
        },
      },
      { ...(content && { content }), signal },
    )
  }

  /** Handles the events after the consumer's checkpoint, until there are none or one has to wait. */
  async function runConsumer(reaction: ReactionInfo, signal: AbortSignal) {
    let state = await reader.consumer(reaction.plugin)
    while (state?.status === 'running' && !signal.aborted) {
      if (state.next_attempt_at > formatTime(clock() * 1000)) {
        return Date.parse(state.next_attempt_at)
      }
      const page: FileEvent[] = await readAfter(state.position, reaction)
      if (page.length === 0) return undefined
      for (const event of page) {
        const next: ConsumerState = await handle(reaction, state, event, signal)
        if (signal.aborted) return undefined
        if (next !== state && !(await log.consumers.save(next, state.position)))
          return undefined
        state = next
        if (state.position !== event.position) break
      }
    }
    return undefined
  }

  async function handle(
    reaction: ReactionInfo,
    state: ConsumerState,
    event: FileEvent,
    signal: AbortSignal,
  ): Promise<ConsumerState> {
    const done: ConsumerState = {
      ...state,
      position: event.position,
      attempts: 0,
      next_attempt_at: '',
      error: '',
    }
    try {
      const answer = await deliver(reaction, event, signal)
      if (answer?.retryAfter === undefined) return done
      return {
        ...state,
        attempts: 0,
        next_attempt_at: later(answer.retryAfter),
        error: '',
      }
    } catch (error) {
      if (signal.aborted) return state
      const attempts = state.attempts + 1
      const stopped = attempts >= MAX_ATTEMPTS
      const message = error instanceof Error ? error.message : String(error)
      logger[stopped ? 'error' : 'warn'](
        { plugin: reaction.plugin, position: event.position, attempts, err: error },
        stopped
          ? 'a reaction failed too often; its consumer has stopped'
          : 'a reaction failed',
      )
      return {
        ...state,
        attempts,
        status: stopped ? 'stopped' : 'running',
        next_attempt_at: stopped ? '' : later(Math.min(2 ** (attempts - 1), 300)),
        error: message.slice(0, 1000),
      }
    }
  }

  const later = (seconds: number) => formatTime((clock() + seconds * 1000) * 1000)

  return {
    async start() {
      const { position } = await reader.head()
      for (const { plugin } of reactions.values()) {
        await log.consumers.create(plugin, position)
        const state = await reader.consumer(plugin)
        if (state && state.position > position) {
          throw new TypeError(
            `Consumer '${plugin}' stands at position ${state.position}, and the log ends at ${position}`,
          )
        }
      }
    },
    async run(signal) {
      const waits = await Promise.all(
        [...reactions.values()].map((reaction) => runConsumer(reaction, signal)),
      )
      const times = waits.filter((time) => time !== undefined)
      return times.length === 0 ? undefined : Math.min(...times)
    },
    async nextPosition(consumer) {
      const reaction = reactions.get(consumer.name)
      if (!reaction) return undefined
      for (let from = consumer.position; ; ) {
        const page = await readAfter(from, reaction)
        for (const event of page) {
          const state = await findFile(reader.sql, event.stream)
          if (state && wants(reaction, state.purpose)) return event.position
          from = event.position
        }
        if (page.length === 0) return undefined
      }
    },
  }
}
