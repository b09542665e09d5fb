import t from 'tap'
import { startReactions } from './start-reactions.ts'

const context = { actor: 'admin', requestId: 'req_1' }

t.test('a reaction that always fails is tried ten times, then stops', async (t) => {
  const { service, run, pass, upload, journal } = await startReactions(t)
  await upload('throw')
  await upload('after it')
  const waits: (number | undefined)[] = []
  for (let attempt = 1; attempt <= 9; attempt += 1) {
    const wait = await run()
    waits.push(wait)
    pass((wait ?? 0) - 0.5)
    t.match(await run(), Number, 'not before its time')
    const [consumer] = await service.admin.listConsumers()
    t.match(consumer, { name: 'reactor', state: 'running' })
    pass(1)
  }
  t.same(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256], 'seconds from one try to the next')
  t.equal(await run(), undefined)
  const [stopped] = await service.admin.listConsumers()
  t.match(stopped, { name: 'reactor', state: 'stopped', error: /reactor/ })
  t.ok(Number(stopped?.stoppedAt) > Number(stopped?.position))

  pass(3600)
  t.equal(await run(), undefined, 'it does not try again by itself')
  t.same(journal(), [], 'and passes over nothing')
})

t.test('a consumer that was resumed tries the same event again', async (t) => {
  const { service, log, run, upload } = await startReactions(t)
  await upload('throw')
  await run()
  await stop()
  const resumed = await service.admin.resumeConsumer('reactor', context)
  t.match(resumed, { state: 'running', stoppedAt: null, error: null })
  t.equal(await run(), 1, 'from its first try on')
  await t.rejects(service.admin.resumeConsumer('reactor', context), {
    code: 'consumer_not_stopped',
  })

  async function stop() {
    const state = await log.reader.consumer('reactor')
    if (state) await log.consumers.save({ ...state, status: 'stopped' }, state.position)
  }
})

t.test(
  'a consumer passes over the event at which it stopped, and no other',
  async (t) => {
    const { service, run, pass, upload, journal } = await startReactions(t)
    await upload('throw')
    await upload('after it')
    for (let wait = await run(); wait !== undefined; wait = await run()) pass(wait)
    const [stopped] = await service.admin.listConsumers()
    const position = stopped?.stoppedAt ?? ''
    const next = String(Number(position) + 1)
    await t.rejects(service.admin.skipEvent('reactor', next, context), {
      code: 'invalid_value',
      message: new RegExp(`stopped at position ${position}, not at '${next}'`),
    })
    t.match(await service.admin.skipEvent('reactor', position, context), {
      state: 'running',
      position,
    })
    t.equal(await run(), undefined)
    t.match(journal(), [/^FileUploaded /])
    await t.rejects(service.admin.skipEvent('nonsense', position, context), {
      code: null,
      message: /nonsense/,
    })
  },
)

t.test('a reaction that asks for time gets it, as often as it asks', async (t) => {
  const { service, run, pass, upload } = await startReactions(t)
  await upload('later')
  for (let attempt = 0; attempt < 12; attempt += 1) {
    t.equal(await run(), 60)
    pass(60)
  }
  t.match(await service.admin.listConsumers(), [{ state: 'running', error: null }])
})

t.test('an answer that means nothing is a failure', async (t) => {
  const { run, upload } = await startReactions(t)
  await upload('never')
  t.equal(await run(), 1)
})

t.test('events come in order, with the content of their files', async (t) => {
  const { run, upload, journal } = await startReactions(t)
  for (const filename of ['a', 'read', 'b']) await upload(filename)
  t.equal(await run(), undefined)
  t.match(journal(), [
    /^FileUploaded \d+ $/,
    new RegExp(`^FileUploaded \\d+ ${Buffer.from('Hello').join()}$`),
    /^FileUploaded \d+$/,
  ])
  const positions = journal().map((line) => Number(line.split(' ')[1]))
  t.same(
    positions,
    positions.toSorted((a, b) => a - b),
  )
  t.equal(await run(), undefined)
  t.equal(journal().length, 3, 'each once where nothing went wrong')
})

t.test('what a plugin said when it failed is forgotten with an erasure', async (t) => {
  const { service, log, run, pass, upload } = await startReactions(t)
  await upload('throw')
  await run()
  t.match((await log.reader.consumer('reactor'))?.error, /failed at an event/)
  const [uploaded] = await log.reader.read({ types: ['FileUploaded'] })
  const id = uploaded?.record.stream ?? ''
  const project = uploaded?.record.project ?? ''
  const asked = { actor: 'admin', requestId: 'req_1', idAsSent: id }
  t.match(await service.erasures.eraseFile(project, id, asked), { id, erasedAt: Number })
  t.equal(
    (await log.reader.consumer('reactor'))?.error,
    'What it said was removed with an erasure.',
  )
  pass(1)
  await run()
  t.match(await log.reader.consumer('reactor'), { error: '', attempts: 0 })
})

t.test('a checkpoint ahead of the log is an error at the start', async (t) => {
  const { log, runner } = await startReactions(t)
  const state = await log.reader.consumer('reactor')
  if (state) await log.consumers.save({ ...state, position: 1000 }, state.position)
  await t.rejects(runner.start(), /stands at position 1000, and the log ends at/)
})
