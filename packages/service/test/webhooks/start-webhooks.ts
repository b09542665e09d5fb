import { join } from 'node:path'
import { openSqliteEventLog } from '@custody/event-log'
import { projections } from '@custody/file-index'
import type { Test } from 'tap'
import { type Appender, createAppender } from '../../src/appender.ts'
import type { Principal } from '../../src/auth/principal.ts'
import type { EventView } from '../../src/history/event-view.ts'
import { createIds } from '../../src/ids.ts'
import { genesis } from '../../src/log/genesis.ts'
import { logModuleUrl } from '../../src/log/log-module-url.ts'
import type { ServiceEnvironment } from '../../src/service-environment.ts'
import { openWebhooks } from '../../src/webhooks/open-webhooks.ts'
import type { WebhookRunner } from '../../src/webhooks/webhook-runner.ts'
import type { WebhookOptions, Webhooks } from '../../src/webhooks/webhook-types.ts'

export const by = { requestId: 'req_of_a_test' }

export type TestWebhooks = {
  readonly log: ServiceEnvironment['log']
  readonly appender: Appender
  readonly useCases: Webhooks
  readonly runner: WebhookRunner
  readonly north: Principal
  readonly south: Principal
  /** Path of the database. */
  readonly path: string
  /** What was logged, as text. */
  readonly logged: string[]
  /** Delivers to a webhook what there is; resolves to the seconds until the next attempt. */
  deliver(webhook: string): Promise<number | undefined>
  /** Lets seconds pass. */
  pass(seconds: number): void
  /** Unix seconds. */
  now(): number
  /** A file of `north`; resolves to its id. */
  upload(filename?: string, principal?: Principal): Promise<string>
  remove(file: string): Promise<void>
  close(): Promise<void>
}

/** Webhooks on a real log; only their clock stands still. `folder`: that of a former start. */
export async function startWebhooks(
  t: Test,
  given: Partial<WebhookOptions> & { readonly folder?: string } = {},
): Promise<TestWebhooks> {
  const { folder = t.testdir({}), ...options } = given
  const path = join(folder, 'custody.db')
  let now = Date.now()
  const clock = () => now
  const ids = createIds(Date.now)
  const logged: string[] = []
  const note = (object: object, message: string) => {
    const error = 'err' in object && object.err instanceof Error ? object.err.stack : ''
    logged.push(`${message} ${JSON.stringify(object)} ${error}`)
  }
  const logger = { debug: note, info: note, warn: note, error: note }
  const log = await openSqliteEventLog({
    path,
    driver: 'node',
    module: logModuleUrl,
    projections,
    genesis: genesis('a test', ids),
    onDefect: (defect) => note(defect, 'defect'),
    onLost: () => {},
  })
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= log.close()
    return closing
  }
  t.teardown(close)
  const appender = createAppender(log, ids)
  const { useCases, runner, deliver } = openWebhooks(
    { log, clock, ids, logger },
    appender,
    {
      sealingKey: 'a key of a test',
      allow: ['127.0.0.1'],
      present: (event: EventView) => ({
        id: event.id,
        subject: event.stream,
        data: event.data,
      }),
      ...options,
    },
  )
  const asking = { actor: 'key:k', requestId: by.requestId }
  const principals = ['north', 'south'].map((id) => principalOf(id))
  const [north, south] = principals
  if (!north || !south) throw new TypeError('there are two')
  for (const { project } of principals) {
    if (given.folder) break
    const { id } = project
    await appender.append(
      { type: 'CreateProject', id, name: id, dialect: 'openai', limits: {} },
      { ...asking, project: id },
    )
  }

  return {
    log,
    appender,
    useCases,
    runner,
    north,
    south,
    path,
    logged,
    async deliver(webhook) {
      const next = await deliver(webhook, new AbortController().signal)
      return next === undefined ? undefined : (next - now) / 1000
    },
    pass(seconds) {
      now += seconds * 1000
    },
    now: () => Math.floor(now / 1000),
    async upload(filename = 'a.txt', principal = north) {
      const file = ids.uuid()
      const sha256 = 'a'.repeat(64)
      await appender.append(
        {
          type: 'UploadFile',
          file,
          purpose: 'batch',
          bytes: 1,
          expiry: null,
          filename,
          sha256,
          declaredType: null,
          extents: [{ id: file, bytes: 1, sha256 }],
          facts: {},
          validatedBy: [],
          places: [{ place: 'inline', format: 'plain', storedBytes: 1 }],
        },
        { ...asking, project: principal.project.id },
        [Buffer.from('x')],
      )
      return file
    },
    async remove(file) {
      await appender.append(
        { type: 'DeleteFile', file, idAsSent: file },
        { ...asking, project: 'north' },
      )
    },
    close,
  }
}

function principalOf(id: string): Principal {
  return {
    keyId: 'k',
    actor: 'key:k',
    scopes: new Set(['api.webhooks.write']),
    project: { id, dialect: 'openai', limits: {} },
  }
}
