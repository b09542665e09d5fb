import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError, quote } from '@custody/domain'
import type { AdminApi } from '../../deployment/with-admin-api.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { progressBar } from '../../terminal/progress-bar.ts'
import { withAdmin } from '../with-admin.ts'

/** How often the progress is asked for, and told where nobody looks on, in milliseconds. */
const EVERY_MS = 200
const TELL_EVERY_MS = 10_000

type Projection = {
  readonly id: string
  readonly generation: string
  readonly state: string
  readonly events: { readonly done: number; readonly of: number }
  readonly restarts: number
}

/**
 * `custody index rebuild [PROJECTION…]`: exit code 0 when all are live. The server goes on with it where the
 * command is ended; what a server that ended has built of it is given up, and the index is as it was.
 */
export async function rebuildIndex(
  context: CommandContext,
  names: readonly string[],
): Promise<number> {
  return await withAdmin(context, async (api) => {
    const known = await readProjections(api)
    for (const name of names) requireKnown(known, name)
    let code = 0
    for (const before of known) {
      if (names.length > 0 && !names.includes(before.id)) continue
      if (!(await rebuildOne(context, api, before))) code = 1
    }
    return code
  })
}

/** One after the other, as the log builds them. */
async function rebuildOne(
  context: CommandContext,
  api: AdminApi,
  { id, generation }: Projection,
): Promise<boolean> {
  await api.post(`/projections/${encodeURIComponent(id)}/rebuild`)
  const bar = progressBar(context.progress, () => performance.now())
  let restarts = 0
  let toldAt = performance.now()
  for (;;) {
    const one = (await readProjections(api)).find((other) => other.id === id)
    if (!one) throw new TypeError(`The server knows no projection ${quote(id)} any more`)
    const { done, of } = one.events
    if (one.restarts > restarts) {
      bar.end()
      context.print(`${id}: something was erased, so it begins anew`)
      restarts = one.restarts
    }
    if (one.state === 'live') {
      bar.end()
      if (one.generation === generation) {
        context.complain(
          `${id} could not be built anew: the log of the server says why. The index is as it was.`,
        )
        return false
      }
      context.print(`${id}: built anew from ${of} events, and live`)
      return true
    }
    bar.show(done, of, `${id}: ${done} of ${of} events`)
    if (!context.progress && performance.now() - toldAt >= TELL_EVERY_MS) {
      context.print(`${id}: ${done} of ${of} events`)
      toldAt = performance.now()
    }
    await sleep(EVERY_MS)
  }
}

async function readProjections(api: AdminApi): Promise<readonly Projection[]> {
  try {
    const { data } = await api.get('/projections')
    return data as readonly Projection[]
  } catch (cause) {
    if (cause instanceof CustodyError) throw cause
    throw new CustodyError(
      'data_folder_unusable',
      'The server ended before the rebuild did. The index is as it was; begin again when a server runs.',
      { cause },
    )
  }
}

function requireKnown(known: readonly Projection[], name: string): void {
  if (known.some(({ id }) => id === name)) return
  const names = known.map(({ id }) => id).join(', ')
  throw new CustodyError(
    'projection_not_found',
    `There is no projection ${quote(name)}; there are: ${names}.`,
  )
}
