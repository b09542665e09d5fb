import { join } from 'node:path'
import {
  createIds,
  createPluginHost,
  createService,
  genesis,
  logModuleUrl,
  type Service,
} from '@custody/service'
import root, { type Test } from 'tap'
// By their paths: the HTTP layer depends on none of these, only its tests open all that is below it.
import { openDiskBlobStore } from '../../../blob-store/src/index.ts'
import { openSqliteEventLog } from '../../../event-log/src/index.ts'
import { projections } from '../../../file-index/src/index.ts'

export type TestService = {
  readonly service: Service
  /** Where everything lies. */
  readonly folder: string
}

export type TestServiceOptions = {
  /** Modules. Default: general files and batches. */
  readonly plugins?: readonly string[]
  /** Milliseconds since the epoch. Default: the real ones. */
  readonly clock?: () => number
}

export const adminKey = 'sk-custody-admin-key-of-a-test'

export const ownPlugins: readonly string[] = ['general', 'batch-jsonl'].map(
  (name) => new URL(`../../../../plugins/${name}/src/index.ts`, import.meta.url).href,
)

let shared: Promise<TestService> | undefined

/** The service of a test file: opened once, when it is first needed, and closed when the file ends. */
export function sharedService(): Promise<TestService> {
  shared ??= openService(root)
  return shared
}

/** A service on a log, a blob store and threads like those that serve, until the test ends. Nothing happens by itself in it. */
export async function openService(
  t: Test,
  { plugins: modules = ownPlugins, clock = Date.now }: TestServiceOptions = {},
): Promise<TestService> {
  const folder = t.testdir({})
  const nothing = () => {}
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
  const ids = createIds(clock)
  const plugins = await createPluginHost({
    plugins: modules.map((module) => ({ module })),
    logger,
    clock: performance,
  })
  t.teardown(() => plugins.close())
  const blobs = await openDiskBlobStore({ folder, newId: ids.uuid })
  t.teardown(() => blobs.close())
  const log = await openSqliteEventLog({
    path: join(folder, 'custody.db'),
    driver: 'node',
    module: logModuleUrl,
    projections,
    genesis: genesis('a test', ids),
    onDefect: nothing,
    onLost: nothing,
  })
  t.teardown(() => log.close())
  const service = await createService(
    { log, blobs, plugins, clock, ids, logger },
    {
      adminKeys: [adminKey],
      apiKey: undefined,
      dialect: 'openai',
      monotonic: () => performance.now(),
      erasureFile: { backward: () => [], append: nothing },
    },
  )
  return { service, folder }
}
