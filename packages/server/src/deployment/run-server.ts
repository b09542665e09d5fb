import { createHttpServer } from '@custody/http'
import type { Logger } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { removeServerFile, writeServerFile } from '../data-folder/server-file.ts'
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

export async function runServer(options: {
  readonly config: Config
  readonly logger: Logger
  readonly cwd: string
  readonly host: string
  readonly port: number
  /** Expiry, garbage, reactions and sweeps run too. */
  readonly background: boolean
  readonly onLost: (error: Error) => void
}): Promise<RunningServer> {
  const { config, logger } = options
  const token = Buffer.from(
    globalThis.crypto.getRandomValues(new Uint8Array(32)),
  ).toString('base64url')
  const deployment = await openDeployment({ ...options, token })
  const { service, ids, folder } = deployment
  const http = createHttpServer({
    authenticate: service.authenticate,
    files: service.files,
    admin: service.admin,
    health: service.health,
    purposes: service.purposes,
    logger,
    clock: Date,
    randomId: () => ids.prefixed(''),
    defaultDialect: config.dialect,
  })
  try {
    const { host, port } = await http.listen({ host: options.host, port: options.port })
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    writeServerFile(folder, { pid: process.pid, address, token })
    if (options.background) await service.startBackground()
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
    await deployment.close()
    throw error
  }
}
