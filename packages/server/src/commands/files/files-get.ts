import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import type { ApiConnection } from '../../client/connection/api-connection.ts'
import { asFileObject, filePath } from '../../client/file-object.ts'
import { getToFile } from '../../client/get/get-to-file.ts'
import { getToStream } from '../../client/get/get-to-stream.ts'
import { localName } from '../../client/get/local-name.ts'
import type { Received } from '../../client/get/receive-content.ts'
import { createProgress } from '../../client/progress.ts'
import { endsAll } from '../../client/put/put-files.ts'
import { openSavedWorks, stateFolder } from '../../client/saved-work.ts'
import { forEachAtOnce } from '../../client/slots.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import { printable } from '../../terminal/printable.ts'
import type { ClientFlags } from './client-flags.ts'
import { errorReport } from './error-report.ts'
import { withApi } from './with-api.ts'

export type GetFlags = ClientFlags & {
  /** A file, a folder, or `-` for standard output. */
  readonly out?: string
  readonly range?: string
  readonly force?: boolean
  readonly parallel: number
  readonly json?: boolean
}

/** `custody files get ID…`: exit code 1 where one of them is not there whole. */
export async function filesGet(
  context: InterruptibleContext,
  ids: readonly string[],
  flags: GetFlags,
): Promise<number> {
  const { out } = flags
  const wrong = wrongUsage(ids, flags, context)
  if (wrong !== undefined) {
    context.complain(`error: ${wrong}`)
    return 2
  }
  const works = openSavedWorks(stateFolder(context.env), context.complain)
  const progress = createProgress({
    show: context.progress,
    columns: context.columns,
    clock: () => performance.now(),
  })
  progress.expect(ids.length, 0)
  const taken = new Set<string>()
  let missing = ids.length
  let isOver = false
  try {
    await withApi(context, flags, (api) =>
      forEachAtOnce([...new Set(ids)], out === '-' ? 1 : flags.parallel, async (id) => {
        if (isOver) return
        try {
          const target = out === '-' ? undefined : await targetOf(api, id)
          const received = await getOne(api, id, target)
          missing -= ids.filter((one) => one === id).length
          if (target) tell(id, target, received)
        } catch (error) {
          context.signal.throwIfAborted()
          if (!(error instanceof CustodyError)) throw error
          progress.line(() =>
            context.complain(`${quote(id)} is not fetched: ${error.message}`),
          )
          if (flags.json && out !== '-') {
            const line = JSON.stringify({ id, error: errorReport(error) })
            progress.line(() => context.print(line))
          }
          isOver ||= endsAll(error)
        }
      }),
    )
  } finally {
    progress.end()
  }
  return missing > 0 ? 1 : 0

  /** Where a file goes. Two of one name would be one. */
  async function targetOf(api: ApiConnection, id: string): Promise<Target> {
    const target = await nameTarget(api, id)
    if (taken.has(target.path)) {
      throw new CustodyError(
        'invalid_value',
        `${quote(target.shown)} is the name of another of these files: fetch them one by one, with --out.`,
      )
    }
    taken.add(target.path)
    return target
  }

  async function nameTarget(api: ApiConnection, id: string): Promise<Target> {
    const isNamed = out !== undefined && !isFolder(out, context)
    if (isNamed) return { path: resolve(context.cwd, out), shown: out }
    const { filename } = asFileObject(await api.json('GET', filePath(id)))
    const name = localName(filename, id)
    const shown = out === undefined ? name : join(out, name)
    return { path: resolve(context.cwd, shown), shown }
  }

  async function getOne(
    api: ApiConnection,
    id: string,
    target: Target | undefined,
  ): Promise<Received> {
    const tracker = progress.begin(target?.shown ?? id)
    const get = {
      ...{ id, tracker },
      ...(flags.range !== undefined && { range: flags.range }),
      expect: (bytes: number) => progress.expect(0, bytes),
    }
    let isDone = false
    try {
      const received = target
        ? await toFile(api, get, target)
        : await getToStream(api, { ...get, output: context.output })
      isDone = true
      return received
    } finally {
      tracker.end(isDone)
    }
  }

  async function toFile(
    api: ApiConnection,
    get: Pick<Parameters<typeof getToFile>[1], 'id' | 'tracker' | 'expect' | 'range'>,
    target: Target,
  ): Promise<Received> {
    const { base, key = '' } = api.server
    const name = ['get', base.href, key, get.id, target.path, flags.range ?? '']
    const saved = works.open(name, target.shown)
    try {
      return await getToFile(api, {
        ...get,
        ...target,
        saved,
        force: flags.force === true,
      })
    } finally {
      saved.close()
    }
  }

  function tell(id: string, { shown }: Target, received: Received): void {
    const { bytes, sha256, isVerified } = received
    progress.line(() =>
      context.print(
        flags.json
          ? JSON.stringify({ id, path: shown, bytes, sha256, verified: isVerified })
          : printable(shown),
      ),
    )
  }
}

type Target = { readonly path: string; readonly shown: string }

function wrongUsage(
  ids: readonly string[],
  { out, range, json }: GetFlags,
  context: CommandContext,
): string | undefined {
  if (range !== undefined && out === undefined) {
    return '--range needs --out: a file for the range, or - for standard output.'
  }
  if (json && out === '-')
    return '--json and --out - would both write to standard output.'
  const several = new Set(ids).size > 1
  if (several && out !== undefined && out !== '-' && !isFolder(out, context)) {
    return `--out ${quote(out)} must be a folder for several files.`
  }
  return several && range !== undefined ? '--range is for one file.' : undefined
}

function isFolder(out: string, { cwd }: CommandContext): boolean {
  const found = statSync(resolve(cwd, out), { throwIfNoEntry: false })
  return found ? found.isDirectory() : /[/\\]$/.test(out)
}
