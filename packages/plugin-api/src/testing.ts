import { Buffer } from 'node:buffer'
import { basename } from 'node:path'
import { checkVerdict, verdictOfReadError } from './check-verdict.ts'
import type {
  Plugin,
  PluginFile,
  ReactionEvent,
  ReactionResult,
  Validate,
  Verdict,
} from './define-plugin.ts'
import { openFileSource } from './file-source.ts'
import { type ByteSource, createPluginFile } from './reader.ts'
import { accept } from './verdict.ts'

/** Content of a file: a text (as UTF-8), bytes, or a file on disk. */
export type TestContent = string | Uint8Array | { readonly path: string }

export type TestOptions<Options> = {
  /** Default: the only purpose that the plugin declares (for a check: the only one that it looks at). */
  readonly purpose?: string
  /** File name. Default: the name on disk, else `file` with the purpose's first extension. */
  readonly name?: string
  /** The plugin's options, as its `optionsSchema` would have let them pass. Default `{}`. */
  readonly options?: Options
}

/**
 * Runs a purpose's validator over content, as the service would: what the reader throws becomes an issue,
 * and a verdict that the service would not take fails the test.
 *
 * ```ts
 * t.match(await validate(plugin, 'a,b\n1,2\n'), { ok: true, facts: { rows: 1 } })
 * ```
 *
 * @throws TypeError for a verdict of a wrong shape or with too large facts, and whatever the validator throws
 */
export async function validate<Options = unknown>(
  plugin: Plugin<Options>,
  content: TestContent,
  testOptions: TestOptions<Options> = {},
): Promise<Verdict> {
  const purposes = plugin.purposes ?? {}
  const name = testOptions.purpose ?? onlyKey(purposes, 'purposes')
  const purpose = Object.hasOwn(purposes, name) ? purposes[name] : undefined
  if (purpose === undefined) throw new TypeError(`The plugin has no purpose '${name}'.`)
  if (purpose.validate === undefined) return { ok: true, facts: {}, warnings: [] }
  const { validate: validator, validateFrom = 0 } = purpose
  const extension = purpose.extensions?.[0] ?? ''
  const wanted: Validate<Options> = (file, context) =>
    file.size < validateFrom ? accept() : validator(file, context)
  return run(wanted, content, name, extension, testOptions)
}

/** Runs a check over content, like {@link validate}: that of the purpose, else that of `'*'`. */
export async function check<Options = unknown>(
  plugin: Plugin<Options>,
  content: TestContent,
  testOptions: TestOptions<Options> = {},
): Promise<Verdict> {
  const checks = plugin.checks ?? {}
  const purpose = testOptions.purpose ?? onlyKey(checks, 'checks')
  const found = [purpose, '*'].find((key) => Object.hasOwn(checks, key))
  const chosen = found === undefined ? undefined : checks[found]
  if (chosen === undefined) {
    throw new TypeError(`The plugin has no check for the purpose '${purpose}'.`)
  }
  return run(chosen.validate, content, purpose, '', testOptions)
}

export type TestEvent = Partial<Omit<ReactionEvent, 'file'>> & {
  readonly type: ReactionEvent['type']
  readonly file?: Partial<ReactionEvent['file']>
}

/**
 * Delivers an event to the plugin's reaction. What the event leaves out is made up.
 *
 * ```ts
 * await react(plugin, { type: 'FileUploaded', file: { purpose: 'csv' } }, { content: 'a,b\n' })
 * ```
 */
export async function react<Options = unknown>(
  plugin: Plugin<Options>,
  event: TestEvent,
  testOptions: {
    readonly options?: Options
    /** What `context.open()` gives. Default: `open` throws, as for a file that has ended. */
    readonly content?: TestContent
  } = {},
): Promise<ReactionResult> {
  const reaction = plugin.on?.[event.type]
  if (reaction === undefined) {
    throw new TypeError(`The plugin has no reaction to '${event.type}'.`)
  }
  const { content } = testOptions
  const { signal } = new AbortController()
  const opened = content === undefined ? undefined : openContent(content)
  const file = {
    id: '0198c0de-0000-7000-8000-000000000001',
    purpose: Object.keys(plugin.purposes ?? {})[0] ?? 'user_data',
    bytes: opened?.source.size ?? 0,
    filename: opened?.name ?? 'file',
    ...event.file,
  }
  try {
    return await reaction(
      {
        position: '1',
        time: '2026-01-01T00:00:00.000000Z',
        project: 'default',
        ...event,
        file,
      },
      {
        options: optionsOf(testOptions),
        signal,
        open() {
          if (opened === undefined) throw new Error('The file has ended.')
          const name = file.filename ?? ''
          return createPluginFile(opened.source, { name, purpose: file.purpose, signal })
        },
      },
    )
  } finally {
    opened?.close()
  }
}

async function run<Options>(
  validator: Validate<Options>,
  content: TestContent,
  purpose: string,
  extension: string,
  testOptions: TestOptions<Options>,
): Promise<Verdict> {
  const { source, name, close } = openContent(content)
  const { signal } = new AbortController()
  const file: PluginFile = createPluginFile(source, {
    name: testOptions.name ?? name ?? `file${extension}`,
    purpose,
    signal,
  })
  try {
    const verdict = await validator(file, { options: optionsOf(testOptions), signal })
    checkVerdict(verdict)
    return verdict
  } catch (error) {
    const verdict = verdictOfReadError(error)
    if (verdict === undefined) throw error
    return verdict
  } finally {
    close()
  }
}

/** Left out, options are what an empty configuration gives; the type cannot know that this fits. */
function optionsOf<Options>(testOptions: { readonly options?: Options }): Options {
  return testOptions.options ?? ({} as Options)
}

function openContent(content: TestContent): {
  source: ByteSource
  name: string | undefined
  close: () => void
} {
  if (typeof content !== 'string' && 'path' in content) {
    const source = openFileSource(content.path)
    return { source, name: basename(content.path), close: () => source.close() }
  }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const source = {
    size: bytes.length,
    read: (start: number, end: number) => bytes.subarray(start, end),
  }
  return { source, name: undefined, close() {} }
}

function onlyKey(record: Readonly<Record<string, unknown>>, kind: string): string {
  const keys = Object.keys(record)
  const [key] = keys
  if (key === undefined || keys.length > 1) {
    throw new TypeError(
      `The plugin has ${keys.length} ${kind}: say which by { purpose: … }.`,
    )
  }
  return key
}
