import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReactionEvent } from '@custody/plugin-api'
import t, { type Test } from 'tap'
import { fixture, startHost, validateText } from './start-host.ts'

async function startReacting(t: Test) {
  const folder = t.testdir({ content: 'Hello from a file' })
  const journal = join(folder, 'journal')
  const { host } = await startHost(t, {
    workers: 1,
    // An endless loop takes all of it, and everything else almost nothing.
    limits: { idleMs: 1_000 },
    plugins: [
      { module: fixture('reactor.ts'), options: { journal } },
      { module: fixture('deeds.ts') },
    ],
  })
  const { signal } = new AbortController()
  const event = (filename: string, position = '1'): ReactionEvent => ({
    type: 'FileUploaded',
    position,
    time: '2026-01-01T00:00:00.000000Z',
    project: 'p1',
    file: { id: 'f', purpose: 'any', bytes: 17, filename },
  })
  const react = (filename: string, position?: string) =>
    host.react('reactor', event(filename, position), { signal })
  return { host, folder, journal, signal, event, react }
}

t.test('a reaction is told of its event and may ask for it again', async (t) => {
  const { react, journal } = await startReacting(t)
  t.same(await react('note', '7'), {})
  t.same(await react('later'), { retryAfter: 60 })
  t.equal(readFileSync(journal, 'utf8'), 'FileUploaded 7 \n')
})

t.test('a reaction reads the content from wherever it is', async (t) => {
  const { host, folder, journal, signal, event } = await startReacting(t)
  const bytes = Buffer.from('Hello from memory')
  const source = {
    size: bytes.length,
    read: async (start: number, end: number) => bytes.subarray(start, end),
  }
  const path = join(folder, 'content')
  for (const content of [{ path }, { buffer: bytes }, { source }]) {
    t.same(await host.react('reactor', event('read'), { content, signal }), {})
  }
  t.equal(readFileSync(journal, 'utf8'), 'FileUploaded 1 72,101,108,108,111\n'.repeat(3))
})

for (const [what, filename] of [
  ['a throw', 'throw'],
  ['an endless loop', 'loop'],
  ['an answer that makes no sense', 'never'],
  ['reading what has ended', 'read'],
] as const) {
  t.test(`${what} fails the delivery, and the next one works`, async (t) => {
    const { react } = await startReacting(t)
    await t.rejects(react(filename), {
      key: 'plugin_failed',
      message: /'reactor' failed at an event/,
    })
    t.same(await react('note'), {})
  })
}

t.test('uploads do not wait for reactions', async (t) => {
  const { host, react } = await startReacting(t)
  let isReacting = true
  const reaction = react('loop').catch(() => {
    isReacting = false
  })
  t.match(await validateText(host, 'count'), { ok: true })
  t.ok(isReacting)
  await reaction
})
