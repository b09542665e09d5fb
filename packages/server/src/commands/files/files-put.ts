import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { quote } from '@custody/domain/errors'
import { createProgress } from '../../client/progress.ts'
import { findLocalFiles } from '../../client/put/find-local-files.ts'
import { putFiles } from '../../client/put/put-files.ts'
import { openSavedWorks, stateFolder } from '../../client/saved-work.ts'
import { createSlots } from '../../client/slots.ts'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import { printable } from '../../terminal/printable.ts'
import { nameFlag } from '../naming-flags.ts'
import type { ClientFlags } from './client-flags.ts'
import { errorReport } from './error-report.ts'
import { withApi } from './with-api.ts'

export type PutFlags = ClientFlags & {
  readonly purpose: string
  readonly name?: string
  readonly expiresAfter?: number
  readonly metadata?: Readonly<Record<string, string>>
  readonly recursive?: boolean
  readonly parallel: number
  readonly partSize: number
  readonly json?: boolean
}

const typed = {
  purpose: '--purpose',
  expires_after: '--expires-after',
  metadata: '--metadata',
}

/** `custody files put FILE…`: exit code 1 where one of them is not put. */
export async function filesPut(
  context: InterruptibleContext,
  args: readonly string[],
  flags: PutFlags,
): Promise<number> {
  const files = await findLocalFiles(args, {
    cwd: context.cwd,
    recursive: flags.recursive === true,
  })
  const { purpose, name, expiresAfter, metadata, parallel, partSize } = flags
  if (name !== undefined && files.length > 1) {
    context.complain(
      `error: --name ${quote(name)} is for one file, and these are ${files.length}.`,
    )
    return 2
  }
  const works = openSavedWorks(stateFolder(context.env), context.complain)
  const progress = createProgress({
    show: context.progress,
    columns: context.columns,
    clock: () => performance.now(),
  })
  progress.expect(files.length, sizesOf(files))
  const complain = (line: string) => progress.line(() => context.complain(line))
  try {
    const done = await withApi(context, flags, (api) =>
      putFiles(
        files,
        {
          purpose,
          ...(name !== undefined && { name }),
          ...(expiresAfter !== undefined && { expiresAfter }),
          ...(metadata && { metadata }),
        },
        {
          ...{ api, works, progress, parallel, partBytes: partSize },
          slots: createSlots(parallel),
          newId: randomUUID,
          note: complain,
          tell(result) {
            const path = result.found.shown
            if ('error' in result) {
              const why = nameFlag(result.error, typed)
              complain(`${quote(path)} is not put: ${why}`)
              const error = errorReport(result.error)
              if (flags.json)
                progress.line(() => context.print(JSON.stringify({ path, error })))
              return
            }
            const { file } = result
            progress.line(() =>
              context.print(
                flags.json
                  ? JSON.stringify({ ...file, path })
                  : `${printable(file.id)}  ${printable(path)}`,
              ),
            )
          },
        },
      ),
    )
    const missing = files.length - done
    if (missing > 0 && files.length > 1) {
      complain(`${missing} of ${files.length} files are not put`)
    }
    return missing > 0 ? 1 : 0
  } finally {
    progress.end()
  }
}

function sizesOf(files: readonly { readonly path: string }[]): number {
  return files.reduce(
    (sum, { path }) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
