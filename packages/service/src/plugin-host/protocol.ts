import type { MessagePort } from 'node:worker_threads'
import type { SealedFileKey } from '@custody/blob-store/sealed-file'
import type { ReactionEvent } from '@custody/plugin-api'

/** Jobs that one worker can hold at a time. */
export const SLOTS = 128

/**
 * Memory that a worker thread and the host share, so that the host knows what the thread does even when it
 * does not answer.
 */
export type ControlBlock = {
  readonly memory: SharedArrayBuffer
  readonly words: Int32Array
  /** Of a followed file: see `offset`. */
  readonly offsets: BigInt64Array
}

/**
 * Indexes into `words`. From `slots` on: for each slot the plugin (its index + 1) that looks at it now, or 0;
 * negative while a small file waits for something outside the thread.
 */
export const word = {
  /** Counts reads. */
  reads: 0,
  /** 1 while a followed file's reader waits for bytes from the client. */
  waiting: 1,
  /** 1: the file that the thread works on alone is no longer wanted. */
  abandoned: 2,
  /** The module that is being loaded (its index + 1). */
  loading: 3,
  /** 1: the thread is to collect garbage and to tell by `usedKiB` what is left. */
  collect: 4,
  usedKiB: 5,
  slots: 6,
} as const

/** Indexes into `offsets`: bytes written, bytes in all (-1: not known yet), bytes that the reader waits for. */
export const offset = { written: 0, total: 1, wanted: 2 } as const

const OFFSETS = 3

export function controlBlock(memory?: SharedArrayBuffer): ControlBlock {
  const wordsAt = OFFSETS * BigInt64Array.BYTES_PER_ELEMENT
  const bytes = wordsAt + (word.slots + SLOTS) * Int32Array.BYTES_PER_ELEMENT
  const shared = memory ?? new SharedArrayBuffer(bytes)
  return {
    memory: shared,
    words: new Int32Array(shared, wordsAt),
    offsets: new BigInt64Array(shared, 0, OFFSETS),
  }
}

/** What a thread is born with. */
export type ThreadData = {
  readonly port: MessagePort
  readonly memory: SharedArrayBuffer
  /** URLs. */
  readonly modules: readonly string[]
}

/** Where the thread finds the bytes of a file; `asked` bytes are asked from the host. */
export type ThreadContent =
  | { readonly kind: 'bytes'; readonly bytes: ArrayBuffer }
  | {
      readonly kind: 'path'
      readonly path: string
      /** What opens it; undefined: it is plain. */
      readonly sealed: SealedFileKey | undefined
    }
  | { readonly kind: 'followed'; readonly path: string }
  | { readonly kind: 'asked'; readonly size: number }

export type ToThread =
  | { readonly kind: 'configure'; readonly options: readonly unknown[] }
  /** Small files; those of one message lie one after another in `bytes`. */
  | {
      readonly kind: 'batch'
      readonly slots: readonly number[]
      readonly dialects: readonly string[]
      readonly purposes: readonly string[]
      readonly names: readonly string[]
      readonly sizes: readonly number[]
      readonly bytes: ArrayBuffer
    }
  | {
      readonly kind: 'file'
      readonly slot: number
      readonly dialect: string
      readonly purpose: string
      readonly name: string
      readonly content: ThreadContent
    }
  | {
      readonly kind: 'react'
      readonly slot: number
      readonly plugin: string
      readonly event: ReactionEvent
      readonly content: ThreadContent | null
    }
  /** A followed file has the bytes that were wanted, or has ended. */
  | { readonly kind: 'wake' }
  | { readonly kind: 'abort'; readonly slot: number }
  /** The answer to `read`: bytes, or why there are none. */
  | {
      readonly kind: 'bytes'
      readonly id: number
      readonly bytes: Uint8Array | string
    }

/**
 * Results: slot and {@link Reply} text in turn. Everything else is rare, so results are told by being an
 * array and cost no object each.
 */
export type FromThread =
  | readonly (number | string)[]
  | { readonly kind: 'declared'; readonly declarations: readonly string[] }
  | { readonly kind: 'unloadable'; readonly reason: string }
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'log'
      readonly level: 'info' | 'warn'
      readonly plugin: string | null
      readonly text: string
    }
  | {
      readonly kind: 'read'
      readonly slot: number
      readonly id: number
      readonly start: number
      readonly end: number
    }

/**
 * A result as text: one letter, then JSON. Parsing a short JSON costs less than structured cloning of the
 * same value.
 *
 * - `a` accepted: facts by plugin
 * - `w` accepted with warnings: { facts, warnings }
 * - `r` refused: { plugin, issues, issueCounts }
 * - `f` a plugin's fault: { plugin, detail }
 * - `d` a reaction is done: {} or { retryAfter }
 * - `i` the content could not be read, which is no plugin's fault: the reason
 */
export type ReplyLetter = 'a' | 'w' | 'r' | 'f' | 'd' | 'i'
