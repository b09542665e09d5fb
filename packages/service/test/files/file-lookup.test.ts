import type { FileState } from '@custody/domain'
import t, { type Test } from 'tap'
import { configureDefaultProject } from '../../src/admin/default-project.ts'
import { createFileLookup } from '../../src/files/file-lookup.ts'
import { openLog } from '../support/open-log.ts'

const asking = { project: 'default', actor: 'a test', requestId: 'req_1' }

async function start(t: Test, driver: 'node' | 'sqlite3') {
  const { log, ids, appender } = await openLog(t, { driver })
  const environment = { log, clock: Date.now, ids }
  await configureDefaultProject(environment, appender, {
    apiKey: undefined,
    dialect: 'openai',
  })
  const doubters: (() => void)[] = []
  const lookUp = createFileLookup(environment, {
    onAppended: appender.onAppended,
    onUnknown: (doubter) => void doubters.push(doubter),
  })
  const file = ids.uuid()
  const sha256 = 'a'.repeat(64)
  await appender.append(
    {
      type: 'UploadFile',
      file,
      purpose: 'user_data',
      bytes: 1,
      expiry: null,
      filename: 'a.txt',
      sha256,
      declaredType: null,
      extents: [{ id: ids.uuid(), bytes: 1, sha256 }],
      places: [{ place: 'inline', format: 'plain', storedBytes: 1 }],
      facts: {},
      validatedBy: [],
    },
    asking,
    [Buffer.from('a')],
  )
  const remove = () =>
    appender.append({ type: 'DeleteFile', file, idAsSent: file }, asking)
  const doubt = () => doubters.forEach((tell) => void tell())
  return { lookUp, file, remove, doubt }
}

t.test('a file that is looked up again is the one that is remembered', async (t) => {
  const { lookUp, file, doubt } = await start(t, 'node')
  const first = await lookUp('default', file)
  t.match(first, { id: file, ended: null })
  t.equal(await lookUp('default', file), first)
  doubt()
  t.not(await lookUp('default', file), first, 'after an unknown outcome it is read anew')
})

t.test('a file that has ended is not remembered as it was', async (t) => {
  const { lookUp, file, remove } = await start(t, 'node')
  t.match(await lookUp('default', file), { ended: null })
  await remove()
  t.match(await lookUp('default', file), { ended: { reason: 'deleted' } })
})

t.test("a remembered file is not another project's", async (t) => {
  const { lookUp, file } = await start(t, 'node')
  await lookUp('default', file)
  t.equal(await lookUp('other', file), null)
  t.match(await lookUp('default', file), { id: file })
})

t.test('what is committed during a lookup is not forgotten by its answer', async (t) => {
  // Its answers take turns of the event loop, in which news can come.
  const { lookUp, file, remove, doubt } = await start(t, 'sqlite3')
  const asked = lookUp('default', file)
  doubt()
  const before: FileState | null = await asked
  t.match(before, { ended: null })
  const [, during] = await Promise.all([remove(), lookUp('default', file)])
  t.match(during, { id: file })
  t.match(await lookUp('default', file), { ended: { reason: 'deleted' } })
})
