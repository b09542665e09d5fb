import { join } from 'node:path'
import { openDiskBlobStore } from '@custody/blob-store'
import type { ProjectLimits } from '@custody/domain'
import type { Test } from 'tap'
// By its path: the service does not depend on what its tests have in common with others.
import type { TestClock } from '../../../testkit/src/event-log/test-clock.ts'
import type { Principal } from '../../src/auth/principal.ts'
import { createService } from '../../src/create-service.ts'
import type { FileView, UploadPolicy } from '../../src/files/files.ts'
import { createIds } from '../../src/ids.ts'
import { createPluginHost } from '../../src/plugin-host/index.ts'
import type { Service } from '../../src/service.ts'
import type { ServiceEnvironment } from '../../src/service-environment.ts'
import { openLog } from '../support/open-log.ts'

const API_KEY = 'sk-custody-key-of-a-test'
const never = new AbortController().signal

export const openPolicy: UploadPolicy = {
  dialect: 'openai',
  maxFileBytes: 1000,
  purposes: {},
  openOutputPurposes: [],
}

type Upload = (
  upload: {
    readonly purpose: string
    readonly filename: string
    readonly content: string
  },
  policy?: Partial<UploadPolicy>,
  limits?: ProjectLimits,
) => Promise<FileView>

export type TestService = {
  readonly service: Service
  readonly environment: ServiceEnvironment
  /** Who the key of the project `default` stands for. */
  readonly principal: Principal
}

/**
 * A service with plugins of these sources, on a real log and real threads. `clock`: the only one that it has; by
 * default it has the real ones.
 */
export async function startService(
  t: Test,
  sources: Readonly<Record<string, string>>,
  clock?: TestClock,
): Promise<TestService> {
  const folder = t.testdir({ plugins: sources })
  const nothing = () => {}
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
  const now = clock ? () => clock.now / 1000 : Date.now
  const ids = createIds(now)
  const modules = Object.keys(sources).map((name) => join(folder, 'plugins', name))
  const plugins = await createPluginHost({
    plugins: modules.map((module) => ({ module })),
    logger,
    clock: performance,
  })
  t.teardown(() => plugins.close())
  const blobs = await openDiskBlobStore({ folder, newId: ids.uuid })
  t.teardown(() => blobs.close())
  const { log } = await openLog(t, {
    ids,
    path: join(folder, 'custody.db'),
    ...(clock && { clock: clock.buffer }),
    onDefect: nothing,
    onLost: nothing,
  })
  const environment = { log, blobs, plugins, clock: now, ids, logger }
  const service = await createService(environment, {
    adminKeys: [],
    apiKey: API_KEY,
    dialect: 'openai',
    monotonic: now,
    erasureFile: { backward: () => [], append: nothing },
  })
  const found = await service.authenticate(API_KEY)
  if (found.kind !== 'project') throw new Error('the key is not known')
  return { service, environment, principal: found.principal }
}

/** Uploads to a service with plugins of these sources. */
export async function startFiles(
  t: Test,
  sources: Readonly<Record<string, string>>,
): Promise<Upload> {
  const { service, environment, principal: whole } = await startService(t, sources)
  const { ids } = environment
  return async ({ purpose, filename, content }, changes = {}, limits = {}) => {
    const project = { ...whole.project, limits }
    const principal = { ...whole, project }
    const policy = { ...openPolicy, ...changes }
    const options = { policy, declaredBytes: undefined, signal: never }
    const session = service.files.beginUpload(principal, options)
    try {
      return await service.files.upload(principal, {
        purpose,
        filename,
        content: session.fromBuffer(Buffer.from(content)),
        declaredType: null,
        policy,
        requestId: ids.prefixed('req_'),
        signal: never,
      })
    } finally {
      await session.close()
    }
  }
}
