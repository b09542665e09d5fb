import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { PluginHostOptions } from '../../src/plugin-host/index.ts'
import { appears, fixture, startHost, validateText } from './start-host.ts'

/** More than a read at once takes, so that the validator sees it before the file has ended. */
const block = 'line\n'.repeat(40_000)

async function startStreaming(t: Test, options: Partial<PluginHostOptions> = {}) {
  const folder = t.testdir()
  const { host } = await startHost(t, {
    plugins: [{ module: fixture('streamer.ts'), options: { marks: folder } }],
    ...options,
  })
  const follow = (name: string, purpose = 'log') => {
    const path = join(folder, name)
    writeFileSync(path, '')
    const { signal } = new AbortController()
    const dialect = 'openai'
    const request = { purpose, dialect, filename: name, path, project: 'p1', signal }
    const followed = host.follow(request)
    let written = 0
    return {
      ...followed,
      result: followed.result,
      begun: () => appears(join(folder, `${name}.begun`)),
      write(text: string) {
        appendFileSync(path, text)
        written += text.length
        followed.advance(written)
      },
      end: () => followed.end(written),
      abort: () => followed.abort(),
    }
  }
  return { host, folder, follow }
}

t.test('a file is validated while it is written', async (t) => {
  const { follow } = await startStreaming(t)
  const upload = follow('a')
  upload.write(block)
  await upload.begun()
  for (let i = 0; i < 9; i += 1) {
    upload.write(block)
    await sleep(1)
  }
  upload.end()
  const bytes = 10 * block.length
  t.match(await upload.result, {
    ok: true,
    facts: {
      streamer: {
        lines: 400_000,
        wasKnown: false,
        size: bytes,
        bytes,
        checkedSize: bytes,
      },
    },
  })
})

t.test('a refusal comes before the end of the upload', async (t) => {
  const { follow } = await startStreaming(t)
  const upload = follow('a')
  upload.write(`${block}bad\n${block}`)
  t.match(await upload.result, { ok: false, issues: [{ line: 40_001 }] })
  upload.end()
})

t.test('an empty file and one that comes at once are validated too', async (t) => {
  const { follow } = await startStreaming(t)
  const empty = follow('empty')
  empty.end()
  t.match(await empty.result, { ok: true, facts: { streamer: { lines: 0, size: 0 } } })
  const whole = follow('whole')
  whole.write('a\nb')
  whole.end()
  t.match(await whole.result, { ok: true, facts: { streamer: { lines: 2, size: 3 } } })
})

t.test('a slow client is waited for, whatever the deadlines', async (t) => {
  const { follow } = await startStreaming(t, { limits: { idleMs: 600, totalMs: 900 } })
  const upload = follow('a')
  upload.write(block)
  await upload.begun()
  await sleep(1_800)
  upload.write(block)
  upload.end()
  t.match(await upload.result, {
    ok: true,
    facts: { streamer: { lines: 80_000, wasKnown: false } },
  })
})

t.test('a purpose that does not stream is validated after the end', async (t) => {
  const { follow } = await startStreaming(t)
  const upload = follow('a', 'whole')
  upload.write(block)
  upload.end()
  t.match(await upload.result, { facts: { streamer: { size: block.length } } })
  const unseen = follow('b', 'none')
  unseen.end()
  t.match(await unseen.result, { ok: true, validatedBy: [] })
})

t.test('who follows gives way to a file that is all there', async (t) => {
  const { host, folder, follow } = await startStreaming(t, { workers: 2 })
  const upload = follow('slow')
  upload.write(block)
  await upload.begun()
  const path = join(folder, 'ready')
  writeFileSync(path, block)
  t.match(await validateText(host, '', { purpose: 'log', content: { path } }), {
    ok: true,
    facts: { streamer: { lines: 40_000 } },
  })
  upload.write(block)
  upload.end()
  t.match(await upload.result, {
    facts: { streamer: { lines: 80_000, wasKnown: true } },
  })
})

t.test('an aborted upload leaves its worker to others', async (t) => {
  const { follow } = await startStreaming(t, { workers: 2 })
  const aborted = follow('aborted')
  aborted.write(block)
  await aborted.begun()
  aborted.abort()
  await t.rejects(aborted.result, { name: 'AbortError' })
  const next = follow('next')
  next.write(block)
  await next.begun()
  next.end()
  t.match(await next.result, { facts: { streamer: { wasKnown: false } } })
})

t.test('a plugin that ends the thread fails the upload', async (t) => {
  const { follow } = await startStreaming(t)
  const upload = follow('a')
  upload.write(`${block}exit\n`)
  upload.end()
  await t.rejects(upload.result, { key: 'plugin_failed', message: /'streamer'/ })
})
