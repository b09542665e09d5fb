import { join } from 'node:path'
import { openSqliteEventLog } from '@custody/event-log'
import { projections } from '@custody/file-index'
import t from 'tap'
import { configureDefaultProject } from '../../src/admin/default-project.ts'
import { createAppender } from '../../src/appender.ts'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import { createIds } from '../../src/ids.ts'
import { genesis } from '../../src/log/genesis.ts'
import { logModuleUrl } from '../../src/log/log-module-url.ts'

t.test('a key that is revoked while it is looked up is not remembered', async (t) => {
  const ids = createIds(Date.now)
  const log = await openSqliteEventLog({
    path: join(t.testdir({}), 'custody.db'),
    // Its answers take turns of the event loop, in which news can come.
    driver: 'sqlite3',
    module: logModuleUrl,
    projections,
    genesis: genesis('a test', ids),
    onDefect: (defect) => t.fail(defect.message),
    onLost: (error) => t.fail(error.message),
  })
  t.teardown(() => log.close())
  const appender = createAppender(log, ids)
  const environment = { log, clock: Date.now, ids }
  const configure = (apiKey: string) =>
    configureDefaultProject(environment, appender, { apiKey, dialect: 'openai' })
  await configure('one')

  const doubters: (() => void)[] = []
  const news = {
    onAppended: appender.onAppended,
    onUnknown: (doubter: () => void) => void doubters.push(doubter),
  }
  const authenticate = createAuthenticator(environment, news, { note() {} }, [])
  const asked = authenticate('one')
  for (const tell of doubters) tell()
  t.match(await asked, { kind: 'project' })
  await configure('two')
  const former = await authenticate('one')
  t.same(former, { kind: 'refused', dialect: 'openai' }, 'whose it was is still known')
  t.same(await authenticate('three'), { kind: 'refused' })
})
