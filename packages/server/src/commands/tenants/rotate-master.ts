import { setTimeout as delay } from 'node:timers/promises'
import { CustodyError } from '@custody/domain/errors'
import type { AdminApi } from '../../deployment/with-admin-api.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { withAdmin } from '../with-admin.ts'

/** Between two questions how far the server is, in milliseconds. */
const ASK_EVERY_MS = 100

type Rotation = {
  readonly state: 'none' | 'running' | 'done' | 'failed'
  readonly from: string
  readonly to: string
  readonly resumed: boolean
  readonly rewrapped: number
  readonly error: string | null
  readonly remnants: string | null
  readonly configured: string | null
}

/** `custody keys rotate-master`: exit code 1 where the former key has to stay. */
export async function rotateMaster(
  context: CommandContext,
  flags: { readonly json?: boolean },
): Promise<number> {
  const rotation = await withAdmin(context, rotate)
  if (flags.json) context.print(JSON.stringify(rotation))
  else for (const line of linesOf(rotation)) context.print(line)
  return rotation.state === 'done' ? 0 : 1
}

async function rotate(api: AdminApi): Promise<Rotation> {
  let rotation = (await api.post('/master_keys/rotate')) as Rotation
  while (rotation.state === 'running') {
    await delay(ASK_EVERY_MS)
    rotation = (await api.get('/master_keys/rotation').catch(hasStopped)) as Rotation
  }
  return rotation
}

function hasStopped(cause: unknown): never {
  throw new CustodyError(
    'overloaded',
    'The server has stopped, and the rotation with it; it goes on when the server starts, or with this command.',
    { cause },
  )
}

function linesOf(rotation: Rotation): string[] {
  const { from, to, resumed, rewrapped, error, remnants, configured } = rotation
  const keys = `${rewrapped} ${rewrapped === 1 ? 'key' : 'keys'} of content`
  const begun = resumed ? 'A rotation that was interrupted went on. ' : ''
  if (error !== null) return [`${begun}${from} → ${to}: ${keys} wrapped anew.`, error]
  const lines = [
    `${begun}${from} → ${to}: ${keys} wrapped anew. ${from} opens nothing any more${
      configured === null ? ', and was removed.' : `: take it out of ${configured}.`
    }`,
    'Back up the secrets and the data now: a backup from before needs the former master key.',
  ]
  if (remnants !== null) {
    lines.push(
      `Rows as they were are in the database file still (${remnants}); they are overwritten by and by.`,
    )
  }
  return lines
}
