import { findApiKeyByHash, findProject } from '@custody/file-index'
import t, { type Test } from 'tap'
import { configureDefaultProject } from '../../src/admin/default-project.ts'
import { hashKey } from '../../src/auth/key-secret.ts'
import { openLog } from '../support/open-log.ts'

const project = 'default'
const asking = { project, actor: 'admin', requestId: 'req_1' }

async function start(t: Test) {
  const { log, ids, appender } = await openLog(t)
  const environment = { log, clock: Date.now, ids }
  return {
    log,
    appender,
    configure: (apiKey: string | undefined, dialect = 'openai') =>
      configureDefaultProject(environment, appender, { apiKey, dialect }),
    find: (apiKey: string) => findApiKeyByHash(log.reader.sql, hashKey(apiKey)),
    events: async () => (await log.reader.head()).position,
  }
}

t.test('the project and its key are made once', async (t) => {
  const { configure, find, events } = await start(t)
  await configure('one')
  t.match(await find('one'), { project, account: null })
  const before = await events()
  await configure('one')
  t.equal(await events(), before, 'nothing has changed, so nothing is said')
})

t.test('a changed key takes the place of the former, and may come back', async (t) => {
  const { configure, find } = await start(t)
  await configure('one')
  await configure('two')
  t.equal(await find('one'), null)
  t.match(await find('two'), { account: null })
  await configure('one')
  t.match(await find('one'), { account: null })
  t.equal(await find('two'), null)
})

t.test('without a configuration, key and dialect stay', async (t) => {
  const { log, configure, find, events } = await start(t)
  await configure(undefined)
  t.match(await findProject(log.reader.sql, project), { archivedAt: null })
  await configure('one')
  const before = await events()
  await configure(undefined, 'gravix')
  t.match(await find('one'), { account: null })
  t.equal(await events(), before)
})

t.test('an archived project takes no key, and does not stop the start', async (t) => {
  const { appender, configure, find, events } = await start(t)
  await configure('one')
  await appender.append({ type: 'ArchiveProject', id: project }, asking)
  const before = await events()
  await configure('two', 'gravix')
  t.equal(await find('two'), null)
  t.equal(await events(), before)
})

t.test('the key of a service account is refused by its id', async (t) => {
  const { appender, configure, find } = await start(t)
  await configure('one')
  const secret = { sha256: hashKey('two'), redacted: '...' }
  const key = { id: 'key_2', name: 'k', expiresAt: null, ...secret }
  await appender.append(
    { type: 'CreateServiceAccount', id: 'svc_1', name: 's', scopes: [], key },
    asking,
  )
  await t.rejects(configure('two'), {
    key: 'invalid_configuration',
    message: /is key_2 of a service account already/,
  })
  t.match(await find('one'), { account: null }, 'the former is good still')
})
