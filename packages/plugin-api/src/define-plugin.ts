import type { Accepted, Rejected } from './verdict.ts'

/** A file as a validator sees it: read it any number of times, in parallel, never whole in memory. */
export interface PluginFile {
  /** The file name as the client sent it (basename, NFC). */
  readonly name: string
  /**
   * Size in bytes. In a validator of a {@link Purpose.streaming} purpose `NaN` until the upload has ended:
   * read to the end first.
   */
  readonly size: number
  /** The purpose under which it was uploaded. */
  readonly purpose: string
  /** Lower-case extension with its dot (`.jsonl`), or `''`. */
  readonly extension: string
  /** Aborted when nobody waits for the verdict any more. */
  readonly signal: AbortSignal
  /**
   * The first `n` bytes, or fewer when the file is shorter.
   *
   * @throws RangeError when `n` is not an integer from 0 to 1 MiB.
   */
  head(n: number): Promise<Uint8Array>
  /**
   * The bytes from `start` (inclusive, default 0) to `end` (exclusive, default the end of the file), in
   * chunks of at most 64 KiB.
   */
  bytes(start?: number, end?: number): AsyncIterable<Uint8Array>
  /**
   * The lines of a UTF-8 text, one by one. Line ends LF and CRLF are removed, a byte order mark at
   * the start is removed, a last line without line end counts, an empty last line does not.
   *
   * @throws FileReadError `invalid_utf8` or `line_too_long`, with the line. What a validator does not
   * catch becomes an issue of the file.
   */
  lines(options?: LinesOptions): AsyncIterable<Line>
  /** The same lines, as many at a time as are at hand: one turn of the loop for each chunk of the file. */
  lineBatches(options?: LinesOptions): AsyncIterable<readonly Line[]>
}

/** Of `lines` and `lineBatches` of a {@link PluginFile}. */
export type LinesOptions = {
  /** Longest line in bytes, without its line end: an integer from 1. Default and upper bound 32 MiB. */
  readonly maxBytes?: number
}

/** A line of a text. */
export type Line = {
  /** 1-based. */
  readonly number: number
  /** Without its line end. */
  readonly text: string
}

/** What a validator or a check gets beside the file. */
export type ValidateContext<Options = unknown> = {
  /** The plugin's options from the configuration, checked by its `optionsSchema`. */
  readonly options: Options
  /** Aborted when nobody waits for the verdict any more: the file's signal. */
  readonly signal: AbortSignal
}

/** What {@link accept} and {@link reject} make. */
export type Verdict = Accepted | Rejected

/** Looks at a file's content. What it throws is a defect of the plugin: the upload is answered with 500 `plugin_failed`. */
export type Validate<Options = unknown> = (
  file: PluginFile,
  context: ValidateContext<Options>,
) => Verdict | Promise<Verdict>

/** What a file is for, and what its content must look like. All sizes are in bytes. */
export type Purpose<Options = unknown> = {
  /** `output` purposes are written by an inference engine, with scope `api.files.write_output`. */
  readonly direction: 'input' | 'output'
  /** Lower-case extensions with their dot. Absent: any. */
  readonly extensions?: readonly string[]
  /** Largest file in bytes, inclusive. Absent: the dialect's or the project's bound alone. */
  readonly maxBytes?: number
  /**
   * Largest file in bytes, inclusive, by lower-case extension with its dot. For a file the smaller of it and
   * the purpose's own bound counts.
   */
  readonly maxBytesByExtension?: Readonly<Record<string, number>>
  /** Files of this purpose expire so many seconds after creation unless the request says otherwise. */
  readonly defaultExpirySeconds?: number
  /** Dialects that offer the purpose. Absent: all. */
  readonly dialects?: readonly string[]
  /** Absent: any content is accepted. */
  readonly validate?: Validate<Options>
  /**
   * Smallest file in bytes that the validator wants to see. Smaller ones are accepted without costing a worker's
   * time; checks see them all the same. Not together with `streaming`. Default: every file.
   */
  readonly validateFrom?: number
  /**
   * The validator may start while the upload still arrives: reads wait for bytes that are not there yet,
   * and `file.size` is `NaN` until the upload has ended. For validators that read a large file once from
   * its start to its end. Default false.
   */
  readonly streaming?: boolean
}

/** One more look at the content of files, whatever plugin has their purpose. */
export type Check<Options = unknown> = {
  /** Dialects for whose uploads the check runs. Absent: all. */
  readonly dialects?: readonly string[]
  readonly validate: Validate<Options>
}

/** What a reaction is told of an event. Names and content facts are absent once they were erased. */
export type ReactionEvent = {
  readonly type: 'FileUploaded' | 'FileExpired' | 'FileDeleted'
  /** Opaque decimal string, increasing along the log of the file's project. */
  readonly position: string
  /** RFC 3339, UTC, six digits. */
  readonly time: string
  readonly project: string
  readonly file: {
    /** Plain UUID: every dialect of the API understands that form. */
    readonly id: string
    readonly purpose: string
    readonly bytes: number
    /** null once it was erased. */
    readonly filename: string | null
  }
}

/** What a reaction gets beside the event. */
export type ReactionContext<Options = unknown> = {
  readonly options: Options
  readonly signal: AbortSignal
  /** The file's content, while it exists. @throws when it has ended. */
  open(): PluginFile
}

/** Nothing: done. `retryAfter`: seconds (1..3600) after which the same event is to be delivered again. */
// biome-ignore lint/suspicious/noConfusingVoidType: a reaction that returns nothing is the common case
export type ReactionResult = void | { readonly retryAfter: number }

/**
 * Called after commit, at least once for each event and in order. What it throws has the event delivered again; ten times
 * in a row stop the plugin's deliveries.
 */
export type Reaction<Options = unknown> = (
  event: ReactionEvent,
  context: ReactionContext<Options>,
) => ReactionResult | Promise<ReactionResult>

/** Reactions by type of event. */
export type Reactions<Options = unknown> = {
  /** `'*'`: files of every purpose. Absent: files of the plugin's own purposes. */
  readonly purposes?: '*'
  readonly FileUploaded?: Reaction<Options>
  readonly FileExpired?: Reaction<Options>
  readonly FileDeleted?: Reaction<Options>
}

/** What a plugin declares: data, read once at the start, and functions, called in worker threads. */
export type Plugin<Options = unknown> = {
  /** The package's name; shown in errors and recorded in every event that the plugin had a part in. */
  readonly name: string
  /** SemVer. */
  readonly version: string
  /** Version of this interface. */
  readonly api: 1
  /** Purposes that this plugin owns, by name. Two plugins cannot own one purpose. */
  readonly purposes?: Readonly<Record<string, Purpose<Options>>>
  /**
   * Further looks at the content, after the owner of the purpose, by purpose or `'*'`. For one file the
   * entry of its purpose runs, else that of `'*'`; one that is for other dialects counts as absent.
   */
  readonly checks?: Readonly<Record<string, Check<Options>>>
  /** JSON Schema (2020-12) of `options` in the configuration. Absent: no options are taken. */
  readonly optionsSchema?: Readonly<Record<string, unknown>>
  /** Reactions: after commit, at least once, in order. */
  readonly on?: Reactions<Options>
}

/**
 * Declares a plugin. The value is the default export of the plugin's module.
 *
 * ```ts
 * export default definePlugin({ name: 'my-plugin', version: '1.0.0', api: 1, purposes: { … } })
 * ```
 */
export function definePlugin<Options = unknown>(
  plugin: Plugin<Options>,
): Plugin<Options> {
  return Object.freeze(plugin)
}
