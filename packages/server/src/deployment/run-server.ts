import { CustodyError, quote } from '@custody/domain'
import { createHttpServer, type HttpServer } from '@custody/http'
import type { Logger } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { removeServerFile, writeServerFile } from '../data-folder/server-file.ts'
import { minorCollection } from './minor-collection.ts'
import { type Deployment, openDeployment } from './open-deployment.ts'

/** How long requests in flight have when the server is asked to stop, in milliseconds. */
const GRACE_MS = 30_000

/** A server that answers. */
export type RunningServer = {
  readonly deployment: Deployment
  /** `http://127.0.0.1:8080` */
  readonly address: string
  /** The admin key of this run. */
  readonly token: string
  /** Lets requests in flight end, uploads too, then closes everything. */
  stop(): Promise<void>
}

/**
 * Opens a deployment and serves it. Resolves when connections are taken.
 *
 * @throws CustodyError where the start is stopped: settings, plugins, keys, the data folder, the log
 */
export async function runServer(options: {
  readonly config: Config
  readonly logger: Logger
  readonly cwd: string
  readonly host: string
  readonly port: number
  /** For the time of one command only: nothing is configured, and nothing happens by itself. */
  readonly forCommand: boolean
  /** See {@link openDeployment}. */
  readonly acceptRollback?: boolean
  readonly onLost: (error: Error) => void
}): Promise<RunningServer> {
  const { config, logger, forCommand } = options
  const token = Buffer.from(
    globalThis.crypto.getRandomValues(new Uint8Array(32)),
  ).toString('base64url')
  const deployment = await openDeployment({ ...options, token, configure: !forCommand })
  const { service, transparency, ids, folder } = deployment
  const http = createHttpServer({
    authenticate: service.authenticate,
    files: service.files,
    uploads: service.uploads,
    holds: service.holds,
    idempotency: service.idempotency,
    masterKeys: service.masterKeys,
    erasures: service.erasures,
    integrity: service.integrity,
    ...(service.access && { access: service.access }),
    history: service.history,
    auditLog: service.auditLog,
    transparency,
    exportLog: deployment.exportLog,
    ...(service.webhooks && { webhooks: service.webhooks }),
    admin: service.admin,
    health: service.health,
    warnings: service.warnings,
    logger,
    collectYoung: minorCollection(),
    clock: Date,
    randomId: () => ids.prefixed(''),
    defaultDialect: config.dialect,
  })
  try {
    const { host, port } = await listen(http, options)
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    writeServerFile(folder, { pid: process.pid, address, token })
    if (!forCommand) await service.startBackground()
    return {
      deployment,
      address,
      token,
      async stop() {
        await http.close(GRACE_MS)
        await service.stopBackground()
        removeServerFile(folder)
        await deployment.close()
      },
    }
  } catch (error) {
    await http.close(0)
    await deployment.close()
    throw error
  }
}

/** @throws CustodyError `invalid_configuration` when the address cannot be listened on */
async function listen(
  http: HttpServer,
  where: { readonly host: string; readonly port: number },
): Promise<{ readonly host: string; readonly port: number }> {
  try {
    return await http.listen(where)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why =
      code === 'EADDRINUSE' ? 'another process listens there' : code || String(cause)
    throw new CustodyError(
      'invalid_configuration',
      `Custody cannot listen on ${quote(`${where.host}:${where.port}`)}: ${why}.`,
      { cause },
    )
  }
}
