import type { SealedFileKey } from '@custody/blob-store/sealed-file'
import type { Facts, Issue, ReactionEvent } from '@custody/plugin-api'
import type { ByteSource } from '@custody/plugin-api/host'

/** What the host logs to; pino fits. Plugins' own console output goes there too, with the plugin's name. */
export interface PluginLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Milliseconds that never go back; only differences count. */
export interface PluginClock {
  now(): number
}

export type PluginHostLimits = {
  /** A validator ends when it has read no byte for so many milliseconds. Default 10,000. */
  readonly idleMs: number
  /** A file's validation ends after so many milliseconds … Default 30,000. */
  readonly totalMs: number
  /** … and so many more for each MiB of the file. Default 1,000. */
  readonly totalMsPerMiB: number
  /**
   * Heap and external memory of one worker that is in use after a garbage collection, in bytes; at any
   * moment at most twice as much. Default 256 MiB.
   */
  readonly memoryBytes: number
  /** What an abandoned validation has to end by itself, in milliseconds. Default 1,000. */
  readonly graceMs: number
  /** A worker must have loaded all plugins within so many milliseconds. Default 30,000. */
  readonly startMs: number
}

export type PluginHostOptions = {
  /** In this order checks run. */
  readonly plugins: readonly PluginEntry[]
  /** Threads at most, 1..64; all but the first start when they are needed. Default: the cores, at least 2. */
  readonly workers?: number
  readonly limits?: Partial<PluginHostLimits>
  /** Names that a purpose's `dialects` may hold. Absent: any. */
  readonly dialects?: readonly string[]
  readonly logger: PluginLogger
  readonly clock: PluginClock
}

export type PluginEntry = {
  /** `file:` URL or absolute path of a module whose default export is a plugin. */
  readonly module: string
  /** From the configuration; checked by the plugin's `optionsSchema`. Default `{}`. */
  readonly options?: unknown
}

export type PurposeInfo = {
  readonly name: string
  /** Name of the plugin that owns the purpose, and its version. */
  readonly plugin: string
  readonly version: string
  readonly direction: 'input' | 'output'
  /** Lower case, with dot; null: any. */
  readonly extensions: readonly string[] | null
  /** Largest file in bytes, inclusive; null: none of its own. */
  readonly maxBytes: number | null
  /** The same by extension: the smaller of the two counts. */
  readonly maxBytesByExtension: Readonly<Record<string, number>>
  readonly defaultExpirySeconds: number | null
  /** Dialects that offer the purpose; null: all. */
  readonly dialects: readonly string[] | null
}

/** The events that one plugin reacts to. */
export type ReactionInfo = {
  readonly plugin: string
  readonly version: string
  readonly purposes: '*' | readonly string[]
  readonly types: readonly ReactionEvent['type'][]
}

/**
 * Where a worker finds a file's bytes: in memory, in a file that it opens itself, or behind a source that is
 * read in this thread on its behalf.
 */
export type PluginContent =
  | { readonly buffer: Uint8Array }
  | { readonly path: string; readonly sealed?: SealedFileKey }
  | { readonly source: ByteSource }

export type ValidationRequest = {
  /** One that no plugin offers in the dialect is looked at by checks alone. */
  readonly purpose: string
  /** Name of the dialect in which it was uploaded: some checks are for some dialects only. */
  readonly dialect: string
  readonly filename: string
  /** In bytes. */
  readonly size: number
  /** Content in memory must not change until the outcome is there. */
  readonly content: PluginContent
  /** Id of the project, for fairness among projects. */
  readonly project: string
  /** Abandons the validation: the promise rejects with its reason. */
  readonly signal: AbortSignal
}

export type ValidationOutcome =
  | {
      readonly ok: true
      /** Those that looked at the content, in order; empty where none does. */
      readonly validatedBy: readonly ValidatedBy[]
      /** By plugin name; plugins without facts are left out. */
      readonly facts: Readonly<Record<string, Facts>>
      /** At most 100. */
      readonly warnings: readonly Issue[]
    }
  | {
      readonly ok: false
      /** Name of the plugin that refused the file. */
      readonly plugin: string
      /** At most 100. */
      readonly issues: readonly Issue[]
      /** All issues by code. */
      readonly issueCounts: Readonly<Record<string, number>>
    }

export type ValidatedBy = { readonly plugin: string; readonly version: string }

export type FollowRequest = Omit<ValidationRequest, 'size' | 'content'> & {
  /** The file that the upload is written to; it exists already. */
  readonly path: string
}

/** A validation that runs while its file is still being written. */
export interface FollowedValidation {
  /** So many bytes can be read from the file by now. */
  advance(bytesWritten: number): void
  /** All bytes are there, this many. */
  end(totalBytes: number): void
  /** May come before the end: a refusal then saves the rest of the upload. Rejects like `validate`. */
  readonly result: Promise<ValidationOutcome>
  /** The upload will not be completed; `result` rejects. */
  abort(): void
}

/** Runs plugins in worker threads. A plugin's fault costs the request that met it, and nothing else. */
export interface PluginHost {
  readonly purposes: ReadonlyMap<string, PurposeInfo>
  readonly reactions: readonly ReactionInfo[]
  /**
   * Asks the purpose's plugin, then the checks in the order of the configuration; the first refusal ends it.
   * Where nobody looks at the content the outcome comes at once, not as a promise.
   *
   * @throws CustodyError `plugin_failed`, `overloaded` (the host was closed)
   */
  validate(request: ValidationRequest): ValidationOutcome | Promise<ValidationOutcome>
  /**
   * Validates a file while it is being written, where the purpose's plugin allows it (`streaming`) and a
   * worker has nothing better to do; otherwise, and after any hitch, when it has ended.
   */
  follow(request: FollowRequest): FollowedValidation
  /**
   * Delivers an event to a plugin's reaction. Without `content` the plugin cannot open the file.
   *
   * @throws CustodyError `plugin_failed`, `overloaded`
   */
  react(
    plugin: string,
    event: ReactionEvent,
    options: { readonly content?: PluginContent; readonly signal: AbortSignal },
  ): Promise<{ readonly retryAfter?: number }>
  /** Ends all workers; what still runs or waits is rejected with `overloaded`. */
  close(): Promise<void>
}
