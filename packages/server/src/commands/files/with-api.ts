import { type ApiConnection, connectApi } from '../../client/connection/api-connection.ts'
import { chooseServer } from '../../client/connection/server-choice.ts'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import { type ClientFlags, defaultRetries, defaultTimeout } from './client-flags.ts'

/** Gives `work` the server that the flags name. SIGINT and SIGTERM end it. */
export async function withApi<T>(
  context: InterruptibleContext,
  flags: ClientFlags,
  work: (api: ApiConnection) => Promise<T>,
): Promise<T> {
  const server = await chooseServer(context, flags)
  const api = connectApi(server, {
    retries: flags.retries ?? defaultRetries,
    idleMs: (flags.timeout ?? defaultTimeout) * 1000,
    signal: context.signal,
  })
  return await work(api)
}
