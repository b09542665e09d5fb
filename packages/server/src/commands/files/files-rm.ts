import { CustodyError, quote } from '@custody/domain/errors'
import { endsAll } from '../../client/put/put-files.ts'
import { removeRemoteFile } from '../../client/remove-remote-file.ts'
import { forEachAtOnce } from '../../client/slots.ts'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import { printable } from '../../terminal/printable.ts'
import type { ClientFlags } from './client-flags.ts'
import { errorReport } from './error-report.ts'
import { withApi } from './with-api.ts'

const atOnce = 4

export type RmFlags = ClientFlags & {
  readonly yes?: boolean
  readonly json?: boolean
}

/** `custody files rm ID…`: exit code 1 where one of them is not deleted. */
export async function filesRm(
  context: InterruptibleContext,
  args: readonly string[],
  flags: RmFlags,
): Promise<number> {
  const ids = [...new Set(args)]
  if (!flags.yes) {
    if (!context.ask) {
      context.complain(
        'error: nobody is there to be asked: --yes deletes without a question.',
      )
      return 2
    }
    const what = ids.length === 1 ? printable(ids[0] ?? '') : `${ids.length} files`
    const answer = await context.ask(`Delete ${what} for good? [y/N] `, context.signal)
    if (!/^y(es)?$/i.test(answer.trim())) {
      context.complain('nothing is deleted')
      return 1
    }
  }
  let missing = ids.length
  let isOver = false
  await withApi(context, flags, (api) =>
    forEachAtOnce(ids, atOnce, async (id) => {
      if (isOver) return
      try {
        await removeRemoteFile(api, id)
        missing -= 1
        context.print(
          flags.json
            ? JSON.stringify({ id, deleted: true })
            : `${printable(id)} is deleted`,
        )
      } catch (error) {
        context.signal.throwIfAborted()
        if (!(error instanceof CustodyError)) throw error
        context.complain(`${quote(id)} is not deleted: ${error.message}`)
        if (flags.json) {
          const line = { id, deleted: false, error: errorReport(error) }
          context.print(JSON.stringify(line))
        }
        isOver ||= endsAll(error)
      }
    }),
  )
  return missing > 0 ? 1 : 0
}
