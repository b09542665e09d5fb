import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { CustodyError, fileTooLarge, quote } from '@custody/domain/errors'
import { createPluginHost, extensionOf } from '@custody/service'
import { configOf } from '../config/config-of.ts'
import { resolvePlugins } from '../deployment/resolve-plugins.ts'
import { createLogger } from '../logger.ts'
import type { CommandContext } from '../terminal/command-context.ts'

/**
 * `custody validate FILE --purpose P`: what the plugins say of a file, without a server. Exit code 1 where
 * it is refused.
 */
export async function validate(
  context: CommandContext,
  file: string,
  flags: { readonly purpose: string; readonly json?: boolean },
): Promise<number> {
  const config = configOf(context)
  const path = resolve(context.cwd, file)
  const size = sizeOf(path, file)
  const plugins = await createPluginHost({
    plugins: resolvePlugins(config, context.cwd),
    logger: createLogger('off'),
    clock: performance,
  })
  try {
    const purpose = plugins.purposes.get(flags.purpose)
    if (!purpose) {
      throw new CustodyError(
        'invalid_purpose',
        `${quote(flags.purpose)} is not one of [${[...plugins.purposes.keys()].map((name) => `'${name}'`).join(', ')}] - 'purpose'`,
      )
    }
    const problem = outside(path, size, purpose)
    const outcome = problem
      ? {
          ok: false as const,
          plugin: purpose.plugin,
          issues: [problem],
          issueCounts: { [problem.code]: 1 },
        }
      : await plugins.validate({
          purpose: purpose.name,
          // A purpose of other dialects is validated as there
          dialect: dialectOf(purpose, config.dialect),
          filename: basename(path).normalize('NFC'),
          size,
          content: { path },
          project: 'command-line',
          signal: AbortSignal.timeout(3_600_000),
        })
    if (flags.json)
      context.print(
        JSON.stringify({ file, purpose: purpose.name, bytes: size, ...outcome }),
      )
    else for (const line of report(file, purpose.name, outcome)) context.print(line)
    return outcome.ok ? 0 : 1
  } finally {
    await plugins.close()
  }
}

function dialectOf(
  { dialects }: { readonly dialects: readonly string[] | null },
  configured: string,
): string {
  return dialects === null || dialects.includes(configured)
    ? configured
    : (dialects[0] ?? configured)
}

function sizeOf(path: string, asTyped: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile()) return found.size
  const why = !found
    ? `There is no file ${quote(asTyped)}.`
    : `${quote(asTyped)} is a ${found.isDirectory() ? 'folder' : 'pipe or device'}; a file is expected, since it is read more than once.`
  throw new CustodyError('invalid_value', why)
}

type Issue = { readonly code: string; readonly message: string; readonly line?: number }

/** What the service checks before it asks a plugin. */
function outside(
  path: string,
  size: number,
  purpose: {
    name: string
    extensions: readonly string[] | null
    maxBytes: number | null
    maxBytesByExtension: Readonly<Record<string, number>>
  },
): Issue | undefined {
  if (size === 0)
    return { code: 'empty_file', message: 'The file is empty: it has 0 bytes.' }
  const extension = extensionOf(basename(path))
  if (purpose.extensions && !purpose.extensions.includes(extension)) {
    return {
      code: 'invalid_extension',
      message: `Invalid file format for purpose '${purpose.name}': the name ends in ${quote(extension)}. Must be ${purpose.extensions.join(', ')}`,
    }
  }
  const maxBytes = Math.min(
    purpose.maxBytes ?? Number.POSITIVE_INFINITY,
    purpose.maxBytesByExtension[extension] ?? Number.POSITIVE_INFINITY,
  )
  if (size > maxBytes) {
    const ofExtension = maxBytes === purpose.maxBytesByExtension[extension]
    const named = `purpose ${quote(purpose.name)}`
    const setBy = ofExtension ? `extension ${quote(extension)} of ${named}` : named
    const { message } = fileTooLarge({ bytes: size, limit: maxBytes, setBy })
    return { code: 'file_too_large', message }
  }
  return undefined
}

type Outcome =
  | {
      readonly ok: true
      readonly facts: Readonly<Record<string, unknown>>
      readonly warnings: readonly Issue[]
      readonly validatedBy: readonly {
        readonly plugin: string
        readonly version: string
      }[]
    }
  | {
      readonly ok: false
      readonly plugin: string
      readonly issues: readonly Issue[]
      readonly issueCounts: Readonly<Record<string, number>>
    }

function report(file: string, purpose: string, outcome: Outcome): string[] {
  const show = (issue: Issue) =>
    `  ${issue.line === undefined ? '' : `line ${issue.line}: `}${issue.message} [${issue.code}]`
  if (outcome.ok) {
    const by = outcome.validatedBy.map((one) => `${one.plugin} ${one.version}`).join(', ')
    return [
      `${file} is accepted for ${purpose}${by && ` by ${by}`}`,
      ...Object.entries(outcome.facts).map(
        ([plugin, facts]) => `  ${plugin}: ${JSON.stringify(facts)}`,
      ),
      ...(outcome.warnings.length > 0
        ? ['warnings:', ...outcome.warnings.map(show)]
        : []),
    ]
  }
  const total = Object.values(outcome.issueCounts).reduce((sum, count) => sum + count, 0)
  return [
    `${file} is refused for ${purpose} by ${outcome.plugin}: ${total} ${total === 1 ? 'issue' : 'issues'}`,
    ...outcome.issues.map(show),
    ...(total > outcome.issues.length
      ? [`  … and ${total - outcome.issues.length} more`]
      : []),
  ]
}
