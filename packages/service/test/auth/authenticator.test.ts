import t from 'tap'
import { configureDefaultProject } from '../../src/admin/default-project.ts'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import { openLog } from '../support/open-log.ts'

t.test('a key that is revoked while it is looked up is not remembered', async (t) => {
  // Its answers take turns of the event loop, in which news can come.
  const { log, ids, appender } = await openLog(t, { driver: 'sqlite3' })
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
