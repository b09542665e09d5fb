import { configOf } from '../config/config-of.ts'
import { requireDatabase } from '../data-folder/require-database.ts'
import { withAdminApi } from '../deployment/with-admin-api.ts'
import { createLogger } from '../logger.ts'
import type { CommandContext } from '../terminal/command-context.ts'

/**
 * The administration API for one command, with a log that keeps quiet.
 *
 * @param options.begins The command makes a deployment where there is none, as the first start does: so keys can be made
 *   before the server runs.
 * @throws CustodyError `data_folder_unusable` for any other command where there is none
 */
export async function withAdmin<T>(
  context: CommandContext,
  work: Parameters<typeof withAdminApi<T>>[1],
  options: { readonly begins?: boolean } = {},
): Promise<T> {
  const config = configOf(context)
  if (!options.begins) requireDatabase(config)
  const logger = createLogger('off')
  return await withAdminApi({ config, logger, cwd: context.cwd }, work)
}
