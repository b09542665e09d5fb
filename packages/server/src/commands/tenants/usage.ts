import { CustodyError, quotaOf } from '@custody/domain'
import { findProject, findUsage } from '@custody/file-index'
import { dialectNamed } from '@custody/http'
import { DEFAULT_PROJECT, sumUsage } from '@custody/service'
import type { CommandContext } from '../../terminal/command-context.ts'
import { table } from '../../terminal/table.ts'
import { withReader } from '../with-reader.ts'

/** `custody usage`: what the live files of a project take, and its quota. */
export async function usage(
  context: CommandContext,
  flags: { readonly project?: string; readonly json?: boolean },
): Promise<number> {
  const id = flags.project ?? DEFAULT_PROJECT
  return await withReader(context, async (reader) => {
    const project = await reader.readLive((sql) => findProject(sql, id))
    if (!project) {
      throw new CustodyError('project_not_found', `No such Project object: ${id}`, {
        param: 'project',
      })
    }
    const stored = sumUsage(await reader.readLive((sql) => findUsage(sql, id)))
    const quota = quotaOf(project.limits, dialectNamed(project.dialect).uploads)
    if (flags.json) {
      context.print(
        JSON.stringify({
          object: 'usage',
          project: id,
          bytes: stored.bytes,
          files: stored.files,
          quota_bytes: quota ?? null,
          by_purpose: stored.byPurpose,
        }),
      )
      return 0
    }
    const rows = Object.entries(stored.byPurpose).map(([purpose, { files, bytes }]) => [
      purpose,
      String(files),
      String(bytes),
    ])
    const all = ['all', String(stored.files), String(stored.bytes)]
    const limit = ['quota', '', quota === undefined ? '-' : String(quota)]
    for (const line of table([['PURPOSE', 'FILES', 'BYTES'], ...rows, all, limit]))
      context.print(line)
    return 0
  })
}
