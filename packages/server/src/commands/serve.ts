import { type CommonFlags, configOf } from '../config/config-of.ts'
import type { RunningServer } from '../deployment/run-server.ts'
import { runServer } from '../deployment/run-server.ts'
import { createLogger } from '../logger.ts'
import type { CommandContext } from '../terminal/command-context.ts'
import { VERSION } from '../version.ts'

/** `custody serve`: runs until SIGINT or SIGTERM. Resolves to the exit code. */
export async function serve(
  context: CommandContext,
  { acceptRollback = false, ...flags }: CommonFlags & { acceptRollback?: boolean },
): Promise<number> {
  const config = configOf(context, flags)
  const logger = createLogger(config.log)
  for (const warning of config.warnings) logger.warn({}, warning)
  const ended = Promise.withResolvers<number>()
  const server = await runServer({
    config,
    logger,
    cwd: context.cwd,
    host: config.host,
    port: config.port,
    forCommand: false,
    acceptRollback,
    onLost(error) {
      logger.error({ err: error }, 'the log thread is gone; the process ends')
      ended.resolve(1)
    },
  })
  logger.info({ address: server.address, version: VERSION }, 'serving')
  for (const line of welcome(server, context)) context.print(line)

  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping; requests in flight are finished first')
    ended.resolve(0)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const code = await ended.promise
  await server.stop()
  logger.info({}, 'stopped')
  return code
}

/** What a person needs next. Keys are shown on a terminal only. */
function welcome(
  server: RunningServer,
  { env, isTerminal }: Pick<CommandContext, 'env' | 'isTerminal'>,
): string[] {
  const { apiKey, adminKey } = server.deployment.secrets
  const inFile = apiKey.source !== 'CUSTODY_API_KEY'
  let key = inFile ? `$(cat '${apiKey.source}')` : 'YOUR_API_KEY'
  if (env.CUSTODY_API_KEY !== undefined) key = '$CUSTODY_API_KEY'
  if (isTerminal) key = apiKey.value
  const shown = isTerminal && apiKey.fresh ? apiKey.value : `in ${apiKey.source}`
  return [
    '',
    `  Custody ${VERSION} serves ${server.address}/v1`,
    `  API key    ${shown}`,
    `  Admin key  in ${adminKey.source}`,
    `  Log key    ${server.deployment.transparency.verifierKey}`,
    '',
    '  Try it:',
    `    echo 'Hello' > hello.txt && curl ${server.address}/v1/files -H "Authorization: Bearer ${key}" -F purpose=user_data -F file=@hello.txt`,
    '',
  ]
}
