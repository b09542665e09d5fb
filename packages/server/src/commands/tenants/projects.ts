import type { CommandContext } from '../../terminal/command-context.ts'
import { showSeconds } from '../../terminal/show-values.ts'
import { table } from '../../terminal/table.ts'
import { namingFlags } from '../naming-flags.ts'
import { withAdmin } from '../with-admin.ts'
import { listAll } from './list-all.ts'

/** `custody projects create NAME` */
export async function createProject(
  context: CommandContext,
  name: string,
  flags: { readonly dialect?: string },
): Promise<number> {
  const typed = { name: '<name>', dialect: '--dialect' }
  const project = await namingFlags(typed, () =>
    withAdmin(
      context,
      (api) =>
        api.post('/projects', { name, ...(flags.dialect && { dialect: flags.dialect }) }),
      { begins: true },
    ),
  )
  context.print(String(project.id))
  return 0
}

/** `custody projects list` */
export async function listProjects(
  context: CommandContext,
  flags: { readonly json?: boolean },
): Promise<number> {
  const projects = await withAdmin(context, (api) =>
    listAll(api, '/projects?include_archived=true'),
  )
  if (flags.json) {
    for (const project of projects) context.print(JSON.stringify(project))
    return 0
  }
  const rows = projects.map((project) => [
    String(project.id),
    String(project.name),
    String(project.dialect ?? ''),
    String(project.status ?? ''),
    showSeconds(Number(project.created_at)),
  ])
  for (const line of table([['ID', 'NAME', 'DIALECT', 'STATUS', 'CREATED'], ...rows])) {
    context.print(line)
  }
  return 0
}
