import { createServer, type Server } from 'node:http'
import Router from '@koa/router'
import Koa from 'koa'
import { addAdminRoutes } from './admin/admin-routes.ts'
import { answerErrors } from './answers/answer-errors.ts'
import { answerClientError, answerConnect } from './connections/answer-client-error.ts'
import { Connections } from './connections/connections.ts'
import { TransferWatch } from './connections/transfer-watch.ts'
import { dialectNamed } from './dialects/dialects.ts'
import { EventStreams } from './events/event-streams.ts'
import type { HttpDependencies } from './http-dependencies.ts'
import { defaultHttpOptions, type HttpOptions } from './http-options.ts'
import type { RequestState } from './request-context.ts'
import { deleteFile } from './routes/files/delete-file.ts'
import { deleteFiles } from './routes/files/delete-files.ts'
import { addErasureRoute } from './routes/files/erase-file.ts'
import { fileContent } from './routes/files/file-content.ts'
import { addHoldRoutes } from './routes/files/file-holds.ts'
import { getFile } from './routes/files/get-file.ts'
import { listFiles } from './routes/files/list-files.ts'
import { receiveUpload } from './routes/files/receive-upload.ts'
import { uploadFile } from './routes/files/upload-file.ts'
import { validateFile } from './routes/files/validate-file.ts'
import { healthz, readyz } from './routes/health-routes.ts'
import { addAuditLogRoute } from './routes/log/audit-logs.ts'
import { addEventRoutes } from './routes/log/events.ts'
import { addLogRoutes } from './routes/log/log.ts'
import { addLogExportRoute } from './routes/log/log-export.ts'
import { refuseUnknownRoutes } from './routes/refuse-unknown-routes.ts'
import { usage } from './routes/usage.ts'
import { addWebhookRoutes } from './routes/webhooks.ts'
import { addUploadRoutes } from './uploads/upload-routes.ts'

/** The HTTP server of a deployment, which listens when it is told to. */
export type HttpServer = {
  readonly server: Server
  readonly app: Koa<RequestState>
  /** Resolves when connections are taken. Port 0 is a free one. @returns the address */
  listen(options: { host: string; port: number }): Promise<{ host: string; port: number }>
  /**
   * Takes no more connections, lets running requests end (uploads too), and resolves when the last connection is
   * closed. Those that still run after `graceMs` milliseconds are cut.
   */
  close(graceMs: number): Promise<void>
}

/**
 * The HTTP server: every route, every bound on connections. Does nothing until `listen`.
 *
 * @throws CustodyError `invalid_configuration` when there is no dialect of the default's name
 */
export function createHttpServer(
  dependencies: HttpDependencies,
  given: Partial<HttpOptions> = {},
): HttpServer {
  const options = { ...defaultHttpOptions, ...given }
  const defaultDialect = dialectNamed(dependencies.defaultDialect)
  const connections = new Connections()
  const watch = new TransferWatch(options)

  const app = new Koa<RequestState>()
  app.on('error', (error: unknown) => {
    // Every refusal was answered further in: what comes here is a connection that broke during its answer
    dependencies.logger.debug({ err: error }, 'A connection broke during its answer.')
  })
  app.use(answerErrors(dependencies, defaultDialect, options, connections))
  const streams = new EventStreams(options, watch)
  const router = createRouter(dependencies, watch, streams)
  app.use(router.routes())
  app.use(refuseUnknownRoutes(router))

  const handle = app.callback()
  const server = createServer({
    headersTimeout: options.headersTimeoutMs,
    // Would cut uploads that are slow and yet move
    requestTimeout: 0,
    connectionsCheckingInterval: options.checkEveryMs,
    keepAliveTimeout: options.keepAliveMs,
    maxHeaderSize: options.maxHeaderBytes,
    // Refused in the envelope, like all else: checkHost
    requireHostHeader: false,
  })
  connections.watch(server)
  server.on('request', handle)
  // Node would answer 100 by itself, before anybody looked at the key
  server.on('checkContinue', handle)
  // An expectation that nobody knows may be ignored (RFC 9110 §10.1.1)
  server.on('checkExpectation', handle)
  const byHand = {
    connections,
    dialect: defaultDialect,
    randomId: dependencies.randomId,
    lingerMs: options.drainMs,
  }
  server.on('clientError', (error, socket) => answerClientError(error, socket, byHand))
  server.on('connect', (request, socket) => answerConnect(request, socket, byHand))

  return { server, app, ...lifeCycle(server, { connections, watch, streams }, options) }
}

function createRouter(
  dependencies: HttpDependencies,
  watch: TransferWatch,
  streams: EventStreams,
): Router<RequestState> {
  const router = new Router<RequestState>({ strict: true, sensitive: true })
  const receive = receiveUpload(dependencies, watch)
  const upload = uploadFile(dependencies, receive)
  const validate = validateFile(dependencies, receive)
  const list = listFiles(dependencies)
  const get = getFile(dependencies)
  const remove = deleteFile(dependencies)
  const removeMany = deleteFiles(dependencies)
  const content = fileContent(dependencies, watch)
  router.post('/v1/files', (context) => upload(context))
  router.get('/v1/files', (context) => list(context))
  router.delete('/v1/files', (context) => removeMany(context))
  router.post('/v1/files/validate', (context) => validate(context))
  router.get('/v1/files/:file', (context) => get(context, context.params.file ?? ''))
  router.delete('/v1/files/:file', (context) =>
    remove(context, context.params.file ?? ''),
  )
  router.get('/v1/files/:file/content', (context) =>
    content(context, context.params.file ?? ''),
  )
  router.get('/v1/usage', usage(dependencies))
  router.get('/healthz', healthz)
  router.get('/readyz', readyz(dependencies))
  const { admin, auditLog, history, holds, webhooks, transparency } = dependencies
  const { erasures, uploads } = dependencies
  if (holds !== undefined) addHoldRoutes(router, dependencies, holds, watch)
  if (erasures !== undefined) addErasureRoute(router, dependencies, erasures, watch)
  if (uploads !== undefined) addUploadRoutes(router, dependencies, uploads, watch)
  if (history !== undefined) addEventRoutes(router, dependencies, history, streams)
  if (webhooks !== undefined) addWebhookRoutes(router, dependencies, webhooks, watch)
  if (transparency !== undefined) addLogRoutes(router, dependencies, transparency)
  const { exportLog } = dependencies
  if (exportLog !== undefined) addLogExportRoute(router, dependencies, exportLog, watch)
  if (auditLog !== undefined) addAuditLogRoute(router, dependencies, auditLog)
  if (admin !== undefined) addAdminRoutes(router, dependencies, admin, watch)
  return router
}

type Parts = {
  readonly connections: Connections
  readonly watch: TransferWatch
  readonly streams: EventStreams
}

function lifeCycle(
  server: Server,
  { connections, watch, streams }: Parts,
  options: HttpOptions,
): Pick<HttpServer, 'listen' | 'close'> {
  let checks: NodeJS.Timeout | undefined
  return {
    listen: ({ host, port }) => {
      const { promise, resolve, reject } = Promise.withResolvers<{
        host: string
        port: number
      }>()
      server.once('error', reject)
      server.listen(port, host, () => {
        server.removeListener('error', reject)
        checks = setInterval(() => {
          watch.look(options.checkEveryMs)
          connections.guardUnread(options.idleMs)
        }, options.checkEveryMs).unref()
        const address = server.address()
        const isIp = typeof address === 'object' && address !== null
        resolve(isIp ? { host: address.address, port: address.port } : { host, port })
      })
      return promise
    },
    close: async (graceMs) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      connections.beginClosing()
      streams.close()
      server.close(() => resolve())
      server.closeIdleConnections()
      // An answer whose head had gone out already could not end its connection by itself
      const idle = setInterval(() => server.closeIdleConnections(), 50)
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await promise
      clearInterval(idle)
      clearTimeout(cut)
      clearInterval(checks)
    },
  }
}
