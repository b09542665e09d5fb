import { withAdminApi } from '../deployment/with-admin-api.ts'
import { createLogger } from '../logger.ts'
import { type CommandContext, showSeconds, table } from './command-context.ts'
import { configOf } from './config-of.ts'
import { listAll } from './list-all.ts'
import { namingFlags } from './naming-flags.ts'

/** `custody projects create NAME` */
export async function createProject(
  context: CommandContext,
  name: string,
  flags: { readonly dialect?: string },
): Promise<number> {
  const typed = { name: '<name>', dialect: '--dialect' }
  const project = await namingFlags(typed, () =>
    withAdmin(context, (api) =>
      api.post('/projects', { name, ...(flags.dialect && { dialect: flags.dialect }) }),
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

/** The administration API for one command, with a log that keeps quiet. */
export function withAdmin<T>(
  context: CommandContext,
  work: Parameters<typeof withAdminApi<T>>[1],
): Promise<T> {
  return withAdminApi(
    {
      config: configOf(context),
      logger: createLogger('off'),
      cwd: context.cwd,
    },
    work,
  )
}
