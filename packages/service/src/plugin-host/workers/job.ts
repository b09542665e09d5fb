import type { ReactionEvent } from '@custody/plugin-api'
import type { PluginContent } from '../types.ts'

/** What a worker is asked to do. */
export type Work =
  /** A small file, which shares its message with others. */
  | {
      readonly kind: 'small'
      readonly dialect: string
      readonly purpose: string
      readonly filename: string
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'file'
      readonly dialect: string
      readonly purpose: string
      readonly filename: string
      readonly content: PluginContent
    }
  /** A file that is still being written. */
  | {
      readonly kind: 'followed'
      readonly dialect: string
      readonly purpose: string
      readonly filename: string
      readonly path: string
      readonly progress: FollowedProgress
    }
  | {
      readonly kind: 'react'
      readonly plugin: string
      readonly event: ReactionEvent
      readonly content: PluginContent | null
    }

/** How far the writer of a followed file has come. */
export type FollowedProgress = { written: number; total: number | null }

export type JobOptions = {
  readonly project: string
  /** Bytes, for the deadline. */
  readonly size: number
  readonly signal: AbortSignal | null
  readonly work: Work
  /** Second try after the worker died of something that cannot be pinned on one file: nobody shares it. */
  readonly isRetry?: boolean
  readonly onReply: (reply: string) => void
  readonly onError: (error: unknown) => void
  /** The worker died, and it is not certain whose fault that was. Absent: tried again. */
  readonly onInterrupted?: (hasDied: boolean) => void
}

/** Something that waits for a worker or is in one. */
export class Job {
  readonly project: string
  readonly size: number
  readonly signal: AbortSignal | null
  readonly work: Work
  readonly onInterrupted: ((hasDied: boolean) => void) | undefined
  isRetry: boolean
  /** The plugin that looks at it (its index + 1), or 0; since when; and when the first one began. */
  stage = 0
  stageSince = 0
  startedAt = 0
  #isDone = false
  readonly #onReply: (reply: string) => void
  readonly #onError: (error: unknown) => void

  constructor(options: JobOptions) {
    this.project = options.project
    this.size = options.size
    this.signal = options.signal
    this.work = options.work
    this.isRetry = options.isRetry ?? false
    this.onInterrupted = options.onInterrupted
    this.#onReply = options.onReply
    this.#onError = options.onError
  }

  /** Answered; whatever else comes for it is ignored. */
  get isDone(): boolean {
    return this.#isDone
  }

  reply(text: string): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#onReply(text)
  }

  /** Nobody wants an answer any more. */
  drop(): void {
    this.#isDone = true
  }

  fail(error: unknown): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#onError(error)
  }
}
