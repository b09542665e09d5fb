import type { CommandContext } from '../../terminal/command-context.ts'
import { withAdmin } from '../with-admin.ts'

/** `custody sweep`: exit code 1 where content is missing, or too much would go. */
export async function sweep(
  context: CommandContext,
  flags: { readonly dryRun?: boolean; readonly force?: boolean },
): Promise<number> {
  const found = await withAdmin(context, (api) =>
    api.post('/sweep', { dry_run: flags.dryRun === true, force: flags.force === true }),
  )
  const missing = found.missing as readonly string[]
  context.print(
    `${found.objects} objects; without an event: ${found.orphans} (and ${found.young} too young to judge), removed: ${found.removed}`,
  )
  if (found.outcome === 'too_many') {
    context.print(
      'Nothing was removed: that is more than the larger of 1 % and 20. --force removes them.',
    )
  }
  if (missing.length > 0) {
    context.print(`Events whose content is missing: ${missing.length}`)
    for (const id of missing) context.print(`  ${id}`)
  }
  return found.outcome === 'too_many' || missing.length > 0 ? 1 : 0
}
