import { join } from 'node:path'
import {
  type EventLog,
  openSqliteEventLog,
  type SqliteEventLogOptions,
} from '@custody/event-log'
import { projections } from '@custody/file-index'
import type { Test } from 'tap'
import { type Appender, createAppender } from '../../src/appender.ts'
import { createIds, type Ids } from '../../src/ids.ts'
import { genesis } from '../../src/log/genesis.ts'
import { logModuleUrl } from '../../src/log/log-module-url.ts'

export type TestLog = {
  readonly log: EventLog
  readonly ids: Ids
  readonly appender: Appender
}

/** A log as a server has it, in a folder of the test and until its end. A defect fails the test. */
export async function openLog(
  t: Test,
  {
    ids = createIds(Date.now),
    ...options
  }: Partial<SqliteEventLogOptions> & { readonly ids?: Ids } = {},
): Promise<TestLog> {
  const log = await openSqliteEventLog({
    path: options.path ?? join(t.testdir({}), 'custody.db'),
    driver: 'node',
    module: logModuleUrl,
    projections,
    genesis: genesis('a test', ids),
    onDefect: (defect) => t.fail(defect.message),
    onLost: (error) => t.fail(error.message),
    ...options,
  })
  t.teardown(() => log.close())
  return { log, ids, appender: createAppender(log, ids) }
}
