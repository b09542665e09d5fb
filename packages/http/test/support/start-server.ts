import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import {
  createHttpServer,
  type HttpDependencies,
  type HttpOptions,
  type HttpServer,
} from '../../src/index.ts'
import { authenticate, keys, MemoryFiles } from './memory-files.ts'

export type TestServer = HttpServer & {
  readonly files: MemoryFiles
  readonly port: number
  readonly url: string
  /** Sentences that were logged at level error. */
  readonly errors: string[]
  /** A request with the full key, unless the headers say otherwise. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/** A server on a free port over memory, closed when the test ends. */
export async function startServer(
  t: Test,
  {
    options,
    ...dependencies
  }: Partial<HttpDependencies> & { options?: Partial<HttpOptions> } = {},
): Promise<TestServer> {
  const files = new MemoryFiles()
  const errors: string[] = []
  const nothing = () => {}
  const http = createHttpServer(
    {
      authenticate,
      files,
      health: () => ({ ready: true, reasons: [] }),
      logger: {
        debug: nothing,
        info: nothing,
        warn: nothing,
        error: (_fields, message) => errors.push(message),
      },
      clock: { now: () => Date.now() },
      randomId: () => randomBytes(16).toString('hex'),
      defaultDialect: 'openai',
      ...dependencies,
    },
    options,
  )
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => http.close(0))
  const url = `http://127.0.0.1:${port}`
  return {
    ...http,
    files,
    port,
    url,
    errors,
    fetch: (path, init) =>
      fetch(url + path, {
        ...init,
        headers: { authorization: `Bearer ${keys.full}`, ...init?.headers },
      }),
  }
}
