import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDiskBlobStore } from '@custody/blob-store'
import type { Test } from 'tap'
import { createService } from '../../src/create-service.ts'
import { createIds } from '../../src/ids.ts'
import { createPluginHost } from '../../src/plugin-host/index.ts'
import {
  createReactionRunner,
  type ReactionRunner,
} from '../../src/reactions/reaction-runner.ts'
import type { Service } from '../../src/service.ts'
import type { ServiceEnvironment } from '../../src/service-environment.ts'
import { openLog } from '../support/open-log.ts'

const API_KEY = 'sk-custody-key-of-a-test'
const never = new AbortController().signal

export type Reactions = {
  readonly service: Service
  readonly log: ServiceEnvironment['log']
  readonly runner: ReactionRunner
  /** What the plugin has noted. */
  readonly journal: () => string[]
  /** Lets the runner handle what there is; resolves to the seconds until the next attempt. */
  run(): Promise<number | undefined>
  /** Lets seconds pass. */
  pass(seconds: number): void
  /** A file for the plugin, whose name says how it reacts. */
  upload(filename: string): Promise<void>
}

/** A service with a plugin that reacts, on a real log and real threads; only its clock stands still. */
export async function startReactions(t: Test): Promise<Reactions> {
  const folder = t.testdir({})
  const journal = join(folder, 'journal')
  let now = Date.now()
  const clock = () => now
  const nothing = () => {}
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
  const ids = createIds(clock)
  const module = new URL('../plugin-host/fixtures/reactor.ts', import.meta.url).href
  const plugins = await createPluginHost({
    plugins: [{ module, options: { journal } }],
    logger,
    clock: performance,
  })
  t.teardown(() => plugins.close())
  const blobs = await openDiskBlobStore({ folder, newId: ids.uuid })
  t.teardown(() => blobs.close())
  const { log } = await openLog(t, {
    ids,
    path: join(folder, 'custody.db'),
    onDefect: nothing,
    onLost: nothing,
  })
  const environment = { log, blobs, plugins, clock, ids, logger }
  const service = await createService(environment, {
    adminKeys: [],
    apiKey: API_KEY,
    dialect: 'openai',
    monotonic: clock,
    erasureFile: { backward: () => [], append: nothing },
  })
  const runner = createReactionRunner(environment, { found: async () => {} })

  return {
    service,
    log,
    runner,
    journal: () => {
      try {
        return readFileSync(journal, 'utf8').trim().split('\n')
      } catch {
        return []
      }
    },
    async run() {
      const next = await runner.run(never)
      return next === undefined ? undefined : Math.round((next - now) / 1000)
    },
    pass(seconds) {
      now += seconds * 1000
    },
    async upload(filename) {
      const found = await service.authenticate(API_KEY)
      if (found.kind !== 'project') throw new Error('the key is not known')
      const policy = {
        dialect: 'openai',
        maxFileBytes: 1000,
        purposes: {},
        openOutputPurposes: [],
      }
      const { principal } = found
      const options = { policy, declaredBytes: undefined, signal: never }
      const session = service.files.beginUpload(principal, options)
      await service.files.upload(principal, {
        purpose: 'any',
        filename,
        content: session.fromBuffer(Buffer.from('Hello')),
        declaredType: null,
        policy,
        requestId: ids.prefixed('req_'),
        signal: never,
      })
      await session.close()
    },
  }
}
