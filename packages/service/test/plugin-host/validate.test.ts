import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { appears, fixture, startHost, validateText } from './start-host.ts'

t.test('an accepted file has its validators, facts and warnings', async (t) => {
  const { host } = await startHost(t)
  const validatedBy = [{ plugin: 'deeds', version: '1.2.3' }]
  t.same(await validateText(host, 'count\nb\n'), {
    ok: true,
    validatedBy,
    facts: { deeds: { deed: 'count', lines: 2 } },
    warnings: [],
  })
  t.same(await validateText(host, 'warn'), {
    ok: true,
    validatedBy,
    facts: {},
    warnings: [{ code: 'odd', message: 'As asked.' }],
  })
})

t.test('a refused file has its issues and the name of the plugin', async (t) => {
  const { host } = await startHost(t)
  t.same(await validateText(host, 'refuse'), {
    ok: false,
    plugin: 'deeds',
    issues: [{ code: 'refused', message: 'As asked.', line: 1 }],
    issueCounts: { refused: 1 },
  })
})

t.test('what the reader throws is an issue', async (t) => {
  const { host } = await startHost(t)
  const buffer = Buffer.from([0x61, 0x0a, 0xff])
  t.match(await validateText(host, '', { content: { buffer } }), {
    ok: false,
    issues: [{ code: 'invalid_utf8', line: 2 }],
  })
})

t.test('a purpose that nobody looks at is answered at once', async (t) => {
  const { host } = await startHost(t)
  const outcome = host.validate({
    purpose: 'free',
    dialect: 'openai',
    filename: 'a.bin',
    size: 3,
    content: { path: '/nowhere' },
    project: 'p1',
    signal: new AbortController().signal,
  })
  t.notOk(outcome instanceof Promise)
  t.same(outcome, { ok: true, validatedBy: [], facts: {}, warnings: [] })
})

t.test('nobody looks at files of a purpose that no plugin has', async (t) => {
  const { host } = await startHost(t)
  const unseen = { ok: true, validatedBy: [], facts: {}, warnings: [] }
  t.same(await validateText(host, 'a', { purpose: 'toString' }), unseen)
})

t.test('many files of one turn each get their own outcome', async (t) => {
  const { host } = await startHost(t)
  const names = Array.from({ length: 500 }, (_, i) => `${'x'.repeat(i % 300)}${i}.txt`)
  const outcomes = await Promise.all(
    names.map((filename, i) => {
      const request = { purpose: 'sync', filename, project: `p${i % 3}` }
      return validateText(host, 'y'.repeat(i), request)
    }),
  )
  for (const [i, outcome] of outcomes.entries()) {
    t.match(outcome, { ok: true, facts: { deeds: { name: names[i], size: i } } })
  }
})

t.test('content is the same from memory, a file and a source, at any size', async (t) => {
  const { host } = await startHost(t)
  for (const lines of [1, 3000, 100_000]) {
    const text = `count\n${'line\n'.repeat(lines - 1)}`
    const bytes = Buffer.from(text)
    const path = join(t.testdir({ content: text }), 'content')
    const source = {
      size: bytes.length,
      read: async (start: number, end: number) => bytes.subarray(start, end),
    }
    for (const content of [{ buffer: bytes }, { path }, { source }]) {
      const outcome = await validateText(host, '', { size: bytes.length, content })
      t.match(outcome, { ok: true, facts: { deeds: { lines } } })
    }
  }
})

t.test('the memory of the caller is left alone', async (t) => {
  const { host } = await startHost(t)
  const buffer = Buffer.alloc(100_000, 'count\n')
  const before = Buffer.from(buffer)
  await validateText(host, '', { content: { buffer } })
  await validateText(host, '', { content: { buffer: buffer.subarray(0, 60_000) } })
  t.ok(buffer.equals(before))
})

t.test('a plugin file that lies in no package imports the plugin API', async (t) => {
  const source = `import { accept, definePlugin } from '@custody/plugin-api'
    const purposes = { lone: { direction: 'input', validate: () => accept({ a: 1 }) } }
    export default definePlugin({ name: 'lone', version: '1.0.0', api: 1, purposes })`
  const module = join(t.testdir({ 'lone.mjs': source }), 'lone.mjs')
  const { host } = await startHost(t, { plugins: [{ module }] })
  t.match(await validateText(host, 'x', { purpose: 'lone' }), {
    facts: { lone: { a: 1 } },
  })
})

t.test('plugins see no environment', async (t) => {
  const { host } = await startHost(t)
  t.match(await validateText(host, 'a', { purpose: 'sync' }), {
    facts: { deeds: { env: [] } },
  })
})

t.test('files that wait for something outside do not hold up the others', async (t) => {
  const gates = t.testdir()
  const { host } = await startHost(t, {
    plugins: [{ module: fixture('deeds.ts'), options: { gates } }],
  })
  // More than wait at a time, so that some have not begun when the others stand still.
  const names = Array.from({ length: 20 }, (_, i) => `gate-${i}`)
  const held = names.map((name) => validateText(host, `gate ${name}`))
  await appears(join(gates, 'gate-9.begun'))
  t.match(await validateText(host, 'count', { project: 'p2' }), { ok: true })
  for (const name of names) writeFileSync(join(gates, name), '')
  for (const outcome of await Promise.all(held)) t.ok(outcome.ok)
})

const check = (name: string, checks: string) =>
  `export default { name: '${name}', version: '2.0.0', api: 1, checks: { ${checks} } }`
const accept = (facts: string) =>
  `{ validate: async () => ({ ok: true, facts: ${facts}, warnings: [{ code: 'w', message: 'm' }] }) }`
const refuse = `{ validate: () => ({ ok: false, issues: [{ code: 'virus', message: 'Bad.' }], issueCounts: { virus: 1 } }) }`

t.test('checks run after the owner, in the order of the configuration', async (t) => {
  const folder = t.testdir({
    'a.mjs': check('a', `'*': ${accept('{ n: 1 }')}`),
    'b.mjs': check('b', `deeds: ${accept('{ n: 2 }')}, '*': ${refuse}`),
    'c.mjs': check('c', `sync: ${refuse}`),
  })
  const { host } = await startHost(t, {
    plugins: [
      { module: join(folder, 'a.mjs') },
      { module: fixture('deeds.ts') },
      { module: join(folder, 'b.mjs') },
      { module: join(folder, 'c.mjs') },
    ],
  })
  const outcome = await validateText(host, 'count')
  if (!outcome.ok) return t.fail('accepted')
  t.same(
    outcome.validatedBy.map(({ plugin }) => plugin),
    ['deeds', 'a', 'b'],
  )
  t.same(Object.entries(outcome.facts), [
    ['deeds', { deed: 'count', lines: 1 }],
    ['a', { n: 1 }],
    ['b', { n: 2 }],
  ])
  t.equal(outcome.warnings.length, 2)
  t.match(await validateText(host, 'refuse'), { ok: false, plugin: 'deeds' })
  t.match(await validateText(host, 'x', { purpose: 'sync' }), { ok: false, plugin: 'b' })
  t.match(await validateText(host, 'x', { purpose: 'free' }), {
    ok: false,
    plugin: 'b',
    issueCounts: { virus: 1 },
  })
})

t.test('a check for some dialects runs for their uploads only', async (t) => {
  const only = (dialect: string, facts: string) =>
    `{ ...${accept(facts)}, dialects: ['${dialect}'] }`
  const folder = t.testdir({
    'a.mjs': check('a', `free: ${only('gravix', '{ n: 1 }')}`),
    'b.mjs': check(
      'b',
      `free: ${only('gravix', '{ n: 2 }')}, '*': ${accept('{ n: 3 }')}`,
    ),
    'c.mjs': check('c', `'*': ${only('platform', '{ n: 4 }')}`),
  })
  const { host } = await startHost(t, {
    plugins: [
      { module: fixture('deeds.ts') },
      { module: join(folder, 'a.mjs') },
      { module: join(folder, 'b.mjs') },
      { module: join(folder, 'c.mjs') },
    ],
  })
  const large = Buffer.alloc(100_000)
  for (const content of [undefined, { buffer: large }]) {
    const facts = async (dialect: string) => {
      const request = { purpose: 'free', dialect, ...(content && { content }) }
      const outcome = await validateText(host, 'x', request)
      if (!outcome.ok) return t.fail('accepted')
      t.same(
        outcome.validatedBy.map(({ plugin }) => plugin),
        Object.keys(outcome.facts),
      )
      return outcome.facts
    }
    t.same(await facts('gravix'), { a: { n: 1 }, b: { n: 2 } })
    t.same(await facts('platform'), { b: { n: 3 }, c: { n: 4 } })
    t.same(await facts('openai'), { b: { n: 3 } })
  }
})

t.test('a validator sees only files of the size that it wants to see', async (t) => {
  const purposes = (from: number) =>
    `purposes: { p: { direction: 'input', validateFrom: ${from}, ...${refuse} } }`
  const source = (from: number) =>
    `export default { name: 'o', version: '1.0.0', api: 1, ${purposes(from)} }`
  const folder = t.testdir({
    'small.mjs': source(3),
    'large.mjs': source(100_000),
    'check.mjs': check('c', `p: ${accept('{ n: 1 }')}`),
  })
  for (const [name, from] of [
    ['small.mjs', 3],
    ['large.mjs', 100_000],
  ] as const) {
    const owner = { module: join(folder, name) }
    const alone = await startHost(t, { plugins: [owner] })
    const checked = await startHost(t, {
      plugins: [owner, { module: join(folder, 'check.mjs') }],
    })
    const path = join(folder, `below-${name}`)
    writeFileSync(path, 'x'.repeat(from - 1))
    const below = [{}, { content: { path }, size: from - 1 }]
    for (const request of below) {
      const text = 'x'.repeat(from - 1)
      t.same(await validateText(alone.host, text, { purpose: 'p', ...request }), {
        ok: true,
        validatedBy: [],
        facts: {},
        warnings: [],
      })
      t.match(await validateText(checked.host, text, { purpose: 'p', ...request }), {
        ok: true,
        validatedBy: [{ plugin: 'c' }],
        facts: { c: { n: 1 } },
      })
    }
    for (const { host } of [alone, checked]) {
      const text = 'x'.repeat(from)
      t.match(await validateText(host, text, { purpose: 'p' }), { plugin: 'o' })
    }
  }
})

t.test('where no check is for the dialect the answer comes at once', async (t) => {
  const module = join(
    t.testdir({ 'a.mjs': check('a', `free: { ...${refuse}, dialects: ['gravix'] }`) }),
    'a.mjs',
  )
  const plugins = [{ module: fixture('deeds.ts') }, { module }]
  const { host } = await startHost(t, { plugins })
  const request = {
    purpose: 'free',
    filename: 'a.bin',
    size: 1,
    content: { buffer: Buffer.from('x') },
    project: 'p1',
    signal: new AbortController().signal,
  }
  t.same(host.validate({ ...request, dialect: 'openai' }), {
    ok: true,
    validatedBy: [],
    facts: {},
    warnings: [],
  })
  t.match(await host.validate({ ...request, dialect: 'gravix' }), { plugin: 'a' })
})

t.test(
  'facts of an owner that is also a check are joined, within one bound',
  async (t) => {
    const own = `purposes: { p: { direction: 'input', validate: () => ({ ok: true, facts: { a: 'x'.repeat(5000), b: 1 }, warnings: [] }) } }`
    const source = (bytes: number) =>
      `export default { name: 'o', version: '1.0.0', api: 1, ${own},
      checks: { p: ${accept(`{ b: 2, c: 'x'.repeat(${bytes}) }`)} } }`
    const folder = t.testdir({ 'fits.mjs': source(1), 'over.mjs': source(5000) })
    const fits = await startHost(t, { plugins: [{ module: join(folder, 'fits.mjs') }] })
    t.match(await validateText(fits.host, 'x', { purpose: 'p' }), {
      validatedBy: [{ plugin: 'o' }],
      facts: { o: { b: 2, c: 'x' } },
    })
    const over = await startHost(t, { plugins: [{ module: join(folder, 'over.mjs') }] })
    await t.rejects(validateText(over.host, 'x', { purpose: 'p' }), {
      key: 'plugin_failed',
      message: /'o'/,
    })
  },
)
