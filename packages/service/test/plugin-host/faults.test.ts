import { join } from 'node:path'
import t from 'tap'
import { appears, fixture, logged, startHost, validateText } from './start-host.ts'

const limits = { memoryBytes: 96 * 1024 * 1024 }
const stopping = { name: 'CustodyError', key: 'overloaded' }
const failed = {
  key: 'plugin_failed',
  message: `The plugin 'deeds' failed; nothing was stored.`,
}

for (const [what, deed, detail] of [
  ['an endless loop', 'loop', /deadline/],
  ['a throw', 'throw', /thrown later/],
  ['an exit', 'exit', /exit code 0/],
  ['a rejection that nobody catches', 'reject', /nobody catches this/],
  ['growth of the heap', 'heap', /bytes of heap and buffers/],
  ['an endless loop that V8 would unroll', 'array-loop', /deadline/],
  ['growth of a table', 'map', /bytes of heap and buffers/],
  ['growth of buffers', 'buffers', /bytes of heap and buffers/],
  ['a verdict that never comes', 'never', /deadline/],
  ['a verdict of a wrong shape', 'boolean', /accept\(…\) or reject\(…\), not true/],
  ['too large facts', 'big-facts', /9011 bytes of JSON; at most 8192/],
  ['too deep facts', 'deep-facts', /nested more than 100 deep/],
] as const) {
  t.test(`${what} costs that request, and the next one is served`, async (t) => {
    const isEndless = ['loop', 'array-loop', 'never'].includes(deed)
    const idleMs = isEndless ? 400 : 10_000
    const { host, log } = await startHost(t, { limits: { ...limits, idleMs } })
    await t.rejects(validateText(host, deed), failed)
    const line = await logged(log, ({ message }) => message === 'a plugin failed')
    t.match(line, { level: 'error', fields: { plugin: 'deeds', detail } })
    t.match(await validateText(host, 'count\n'), { ok: true })

    const path = join(t.testdir({ large: `${deed}\n` }), 'large')
    await t.rejects(validateText(host, '', { content: { path } }), failed)
    t.match(await validateText(host, 'count\n'), { ok: true })
  })
}

t.test('a throw before any promise costs that request alone', async (t) => {
  const { host } = await startHost(t)
  const request = { purpose: 'sync', filename: 'throw' }
  await t.rejects(validateText(host, 'a', request), failed)
})

t.test(
  'content that JSON.parse quotes in its error does not get into the log',
  async (t) => {
    const { host, log } = await startHost(t)
    await t.rejects(validateText(host, 'parse'), failed)
    t.match(log, [{ fields: { detail: /SyntaxError/ } }])
    t.notMatch(JSON.stringify(log), /secret content/)
  },
)

for (const deed of ['loop', 'exit', 'heap']) {
  t.test(
    `files that shared a message with one that does '${deed}' are answered`,
    async (t) => {
      const { host } = await startHost(t, {
        limits: { ...limits, idleMs: deed === 'loop' ? 400 : 10_000 },
      })
      const texts = ['a\nb', 'refuse', deed, 'c', 'throw', 'd\ne\nf']
      const outcomes = await Promise.allSettled(
        texts.map((text) => validateText(host, text)),
      )
      t.match(outcomes, [
        { value: { ok: true, facts: { deeds: { lines: 2 } } } },
        { value: { ok: false, issueCounts: { refused: 1 } } },
        { reason: failed },
        { value: { ok: true, facts: { deeds: { lines: 1 } } } },
        { reason: failed },
        { value: { ok: true, facts: { deeds: { lines: 3 } } } },
      ])
    },
  )
}

t.test('garbage that long lines leave behind is no growth', async (t) => {
  const line = `${JSON.stringify('x'.repeat(30 * 1024 * 1024))}\n`
  const path = join(t.testdir({ large: `reread\n${line}${line}${line}` }), 'large')
  const { host } = await startHost(t)
  const outcome = await validateText(host, '', {
    size: 4 * line.length,
    content: { path },
  })
  t.match(outcome, { ok: true, facts: { deeds: { lines: 4 } } })
})

t.test('a fault after the verdict costs nobody', async (t) => {
  const { host, log } = await startHost(t, { limits })
  t.match(await validateText(host, 'reject-later'), { ok: true })
  await logged(log, ({ message }) => message === 'a plugin worker was replaced')
  t.match(await validateText(host, 'count\n'), { ok: true })
})

t.test('a loop that reads on and on ends at the total deadline', async (t) => {
  const folder = t.testdir({ large: 'reader r\n' })
  const { host } = await startHost(t, {
    limits: { totalMs: 300 },
    plugins: [{ module: fixture('deeds.ts'), options: { gates: folder } }],
  })
  const content = { path: join(folder, 'large') }
  await t.rejects(validateText(host, '', { content }), failed)
  t.match(await validateText(host, 'count\n'), { ok: true })
})

t.test('a content that cannot be read is no fault of the plugin', async (t) => {
  const { host } = await startHost(t)
  await t.rejects(validateText(host, '', { content: { path: '/nowhere/file' } }), {
    name: 'CustodyError',
    key: 'internal_error',
  })
  const broken = {
    size: 100_000,
    read: async () => Promise.reject(new Error('the disk is gone')),
  }
  await t.rejects(validateText(host, '', { content: { source: broken } }), {
    message: 'the disk is gone',
  })
  t.match(await validateText(host, 'count\n'), { ok: true })
})

t.test('a client that goes away is not waited for', async (t) => {
  const folder = t.testdir({
    reader: 'reader reader',
    patient: 'patient patient',
    stubborn: 'stubborn stubborn',
  })
  const { host, log } = await startHost(t, {
    limits: { graceMs: 100 },
    plugins: [{ module: fixture('deeds.ts'), options: { gates: folder } }],
  })
  for (const name of ['reader', 'patient', 'stubborn']) {
    const controller = new AbortController()
    const outcome = validateText(host, '', {
      content: { path: join(folder, name) },
      signal: controller.signal,
    })
    await appears(join(folder, `${name}.begun`))
    controller.abort(new Error('the client has gone'))
    await t.rejects(outcome, /the client has gone/)
  }
  await appears(join(folder, 'patient.aborted'))
  t.match(await validateText(host, 'count\n'), { ok: true })
  t.notOk(log.some(({ message }) => message === 'a plugin failed'))
})

t.test('a small file whose client has gone is dropped, waiting or begun', async (t) => {
  const folder = t.testdir()
  const { host } = await startHost(t, {
    plugins: [{ module: fixture('deeds.ts'), options: { gates: folder } }],
  })
  const signal = AbortSignal.abort(new Error('gone before'))
  await t.rejects(validateText(host, 'count', { signal }), /gone before/)

  const controller = new AbortController()
  const begun = validateText(host, 'patient small', { signal: controller.signal })
  await appears(join(folder, 'small.begun'))
  controller.abort(new Error('gone meanwhile'))
  await t.rejects(begun, /gone meanwhile/)
  await appears(join(folder, 'small.aborted'))
})

t.test('closing ends what runs and what comes after', async (t) => {
  const { host } = await startHost(t)
  const running = validateText(host, 'loop')
  const closing = t.rejects(running, stopping)
  await host.close()
  await closing
  await t.rejects(validateText(host, 'count'), stopping)
})
