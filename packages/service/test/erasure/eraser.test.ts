import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { createAppender } from '../../src/appender.ts'
import { createEraser } from '../../src/erasure/eraser.ts'
import { openPolicy, startService } from '../files/start-files.ts'

const never = new AbortController().signal

const plugin = {
  'plugin.ts': `import { definePlugin } from '@custody/plugin-api'
export default definePlugin({ name: 'p', version: '1.0.0', api: 1, purposes: { any: { direction: 'input' } } })`,
}

/** A service with one file, and a further eraser on it, whose list is at hand. */
async function open(t: Test) {
  const { service, environment, principal } = await startService(t, plugin)
  const { log, ids } = environment
  const lines: string[] = []
  const list = {
    fails: false,
    backward: () => lines.toReversed(),
    append(more: readonly string[]) {
      if (list.fails) throw new Error('the disk is full')
      lines.push(...more)
    },
  }
  const begin = () =>
    createEraser(environment, createAppender(log, ids), list, { patienceMs: 20 })
  const options = { policy: openPolicy, declaredBytes: undefined, signal: never }
  const session = service.files.beginUpload(principal, options)
  const { id } = await service.files.upload(principal, {
    purpose: 'any',
    filename: 'Wilhelmine',
    content: session.fromBuffer(Buffer.from('Hello')),
    declaredType: null,
    policy: openPolicy,
    requestId: 'req_1',
    signal: never,
  })
  await session.close()
  const path = join(t.testdirName, 'custody.db')
  const project = principal.project.id
  const asked = { actor: 'key:k', idAsSent: id, requestId: 'req_2' }
  return {
    ...{ begin, list, lines, log, path },
    erase: (eraser = begin()) => eraser.eraseFile(project, id, asked),
    isThere: () =>
      [path, `${path}-wal`].some((file) => readFileSync(file).includes('Wilhelmine')),
    kinds: () => lines.map((line) => Object.keys(JSON.parse(line))[0]),
  }
}

t.test('a reader that does not let go is told of, and the rest follows', async (t) => {
  const { begin, erase, isThere, kinds, log, path } = await open(t)
  const reader = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => reader.close())
  reader.exec('begin')
  reader.prepare('select count(*) from events').get()
  const eraser = begin()
  await t.rejects(erase(eraser), {
    key: 'erasure_unfinished',
    message: /a connection that reads/,
    headers: { 'retry-after': '5' },
  })
  t.ok(isThere())
  const [event] = await log.reader.read({ types: ['FileErased'] })
  t.ok(event, 'it is decided')
  await eraser.tidy(never)
  t.same(kinds(), ['erased'], 'what is not done is not said to be')
  reader.exec('rollback')
  await eraser.tidy(never)
  t.notOk(isThere())
  t.same(kinds(), ['erased', 'purged'])
  t.match(await erase(eraser), { erasedAt: Number })
  await eraser.tidy(never)
  t.same(kinds(), ['erased', 'purged'], 'once is enough')
})

t.test(
  'a process that was killed in between is followed by one that finishes',
  async (t) => {
    const { begin, erase, isThere, kinds, list, path } = await open(t)
    const reader = new DatabaseSync(path, { readOnly: true })
    t.teardown(() => reader.close())
    reader.exec('begin')
    reader.prepare('select count(*) from events').get()
    list.fails = true
    await t.rejects(erase(), /the disk is full/)
    reader.exec('rollback')
    t.same(kinds(), [], 'the list lacks what the log has')
    t.ok(isThere())

    list.fails = false
    const next = begin()
    await next.start()
    t.same(kinds(), ['erased'])
    await next.tidy(never)
    t.same(kinds(), ['erased', 'purged'])
    t.notOk(isThere())

    const last = begin()
    await last.start()
    await last.tidy(never)
    t.same(kinds(), ['erased', 'purged'], 'and nothing is left to be done')
  },
)
