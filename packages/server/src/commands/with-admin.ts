import { configOf } from '../config/config-of.ts'
import { withAdminApi } from '../deployment/with-admin-api.ts'
import { createLogger } from '../logger.ts'
import type { CommandContext } from '../terminal/command-context.ts'

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
