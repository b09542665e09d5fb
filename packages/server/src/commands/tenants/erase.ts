import { CustodyError } from '@custody/domain/errors'
import { DEFAULT_PROJECT } from '@custody/service/default-project'
import type { CommandContext } from '../../terminal/command-context.ts'
import { withAdmin } from '../with-admin.ts'

export type EraseFlags = {
  readonly project?: string
  /** Id of a key whose trail goes. */
  readonly actor?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `custody erase FILE_ID`, or `custody erase --actor KEY_ID`: destroys private data for good. */
export async function erase(
  context: CommandContext,
  file: string | undefined,
  flags: EraseFlags,
): Promise<number> {
  if ((file === undefined) === (flags.actor === undefined)) {
    throw new CustodyError(
      'invalid_value',
      'Say what is to be erased: the id of a file, or --actor with the id of a key.',
    )
  }
  if (file !== undefined) return await eraseFile(context, file, flags)
  return await eraseTrail(context, flags.actor ?? '', flags)
}

const projectPath = ({ project = DEFAULT_PROJECT }: EraseFlags) =>
  `/projects/${encodeURIComponent(project)}`

async function eraseFile(
  context: CommandContext,
  file: string,
  flags: EraseFlags,
): Promise<number> {
  if (flags.dryRun) {
    throw new CustodyError('invalid_value', '--dry-run is for --actor only.')
  }
  const erased = await withAdmin(context, (api) =>
    api.post(`${projectPath(flags)}/files/${encodeURIComponent(file)}/erase`),
  )
  context.print(
    flags.json
      ? JSON.stringify(erased)
      : `${erased.id} is erased: what was said of it, and its content`,
  )
  return 0
}

async function eraseTrail(
  context: CommandContext,
  key: string,
  flags: EraseFlags,
): Promise<number> {
  const trail = await withAdmin(context, (api) =>
    api.post(`${projectPath(flags)}/api_keys/${encodeURIComponent(key)}/erase`, {
      dry_run: flags.dryRun === true,
    }),
  )
  if (flags.json) {
    context.print(JSON.stringify(trail))
    return 0
  }
  const [would, are] = flags.dryRun ? ['would be ', 'would be'] : ['', 'are']
  context.print(`Key ${trail.id}: its name ${would || 'is '}erased`)
  if (trail.revoked) context.print(`  It ${would || 'is '}revoked`)
  if (typeof trail.service_account_id === 'string') {
    context.print(
      `  The name of its service account ${trail.service_account_id} ${would || 'is '}erased`,
    )
  }
  context.print(
    `Names, metadata and notes ${are} erased of ${trail.files} ${trail.files === 1 ? 'file' : 'files'}, which stay:`,
  )
  for (const id of trail.file_ids as readonly string[]) context.print(`  ${id}`)
  if (trail.held !== 0) {
    context.print(`Held, and left as they are: ${trail.held}`)
    for (const id of trail.held_ids as readonly string[]) context.print(`  ${id}`)
  }
  if (trail.uploads !== 0) {
    context.print(
      `And of ${trail.uploads} ${trail.uploads === 1 ? 'upload' : 'uploads'} in parts without a file; pending ones ${are} cancelled`,
    )
  }
  if (trail.webhooks !== 0) {
    context.print(`URLs and descriptions ${are} erased of webhooks: ${trail.webhooks}`)
  }
  return 0
}
