import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createPluginHost } from '../../src/plugin-host/index.ts'
import { startHost } from './start-host.ts'

const head = `name: 'p', version: '1.0.0', api: 1`

/** Module sources by file name → entries in the same order. */
function entriesOf(t: Test, sources: Record<string, string>, options?: unknown) {
  const folder = t.testdir(sources)
  return Object.keys(sources).map((name) => ({ module: join(folder, name), options }))
}

for (const [what, source, message] of [
  ['a module that throws', `throw new Error('no database')`, /p\.mjs.*no database/s],
  ['a syntax error', `export default {`, /^Plugin 'file:.*p\.mjs': it does not load/],
  ['no default export', `export const plugin = {}`, /default export is not a plugin/],
  [
    'another version of the interface',
    `export default { ${head}, api: 2 }`,
    /api must be 1/,
  ],
  ['no name', `export default { version: '1.0.0', api: 1 }`, /'name'/],
  [
    'a version that is none',
    `export default { ${head}, version: 'new' }`,
    /version must match/,
  ],
  [
    'a misspelt key',
    `export default { ${head}, purpose: {} }`,
    /does not know 'purpose'/,
  ],
  [
    'a misspelt key of a purpose',
    `export default { ${head}, purposes: { a: { direction: 'input', maxSize: 1 } } }`,
    /purposes\.a does not know 'maxSize'/,
  ],
  [
    'a direction that is none',
    `export default { ${head}, purposes: { a: { direction: 'up' } } }`,
    /purposes\.a\.direction must be one of \["input","output"\]/,
  ],
  [
    'a purpose name over 64 characters',
    `export default { ${head}, purposes: { ['a'.repeat(65)]: { direction: 'input' } } }`,
    /64/,
  ],
  [
    'an extension in capitals',
    `export default { ${head}, purposes: { a: { direction: 'input', extensions: ['.PDF'] } } }`,
    /extensions\.0/,
  ],
  [
    'a bound of no bytes for an extension',
    `export default { ${head}, purposes: { a: { direction: 'input', maxBytesByExtension: { '.txt': 0 } } } }`,
    /maxBytesByExtension\.\.txt must be >= 1/,
  ],
  [
    'a bound for an extension in capitals',
    `export default { ${head}, purposes: { a: { direction: 'input', maxBytesByExtension: { '.TXT': 1 } } } }`,
    /maxBytesByExtension must match pattern/,
  ],
  [
    'a bound for an extension that the purpose does not take',
    `export default { ${head}, purposes: { a: { direction: 'input', extensions: ['.txt'], maxBytesByExtension: { '.tex': 1 } } } }`,
    /'a' bounds the extension '\.tex', which it does not take; it takes \.txt/,
  ],
  [
    'a check for no dialect',
    `export default { ${head}, checks: { '*': { dialects: [], validate() {} } } }`,
    /checks\.\*\.dialects/,
  ],
  [
    'a size from which nobody validates',
    `export default { ${head}, purposes: { a: { direction: 'input', validateFrom: 9 } } }`,
    /purposes\.a must have property validate/,
  ],
  [
    'a size of files that still arrive',
    `export default { ${head}, purposes: { a: { direction: 'input', validate() {}, validateFrom: 9, streaming: true } } }`,
    /purposes\.a\.streaming must be false/,
  ],
  [
    'a validator that is no function',
    `export default { ${head}, purposes: { a: { direction: 'input', validate: true } } }`,
    /purposes\.a\.validate/,
  ],
  [
    'a check without validator',
    `export default { ${head}, checks: { '*': {} } }`,
    /checks\.\* .*validate/,
  ],
  [
    'a reaction to an unknown event',
    `export default { ${head}, on: { FileMoved() {} } }`,
    /on does not know 'FileMoved'/,
  ],
  [
    'a schema that compiles and says nonsense',
    `export default { ${head}, optionsSchema: { type: 'object', properties: { a: { minLength: -1 } } } }`,
    /optionsSchema is no JSON Schema: .*minLength must be >= 0/,
  ],
  [
    'a schema that is none',
    `export default { ${head}, optionsSchema: { type: 'thing' } }`,
    /optionsSchema is no JSON Schema/,
  ],
  ['a thread that ends while loading', `process.exit(3)`, /p\.mjs': .*exit code 3/],
  ['something that is not data', `export default { ${head}, x: 1n }`, /not JSON/],
] as const) {
  t.test(`${what} stops the start and is named`, async (t) => {
    const plugins = entriesOf(t, { 'p.mjs': source })
    await t.rejects(startHost(t, { plugins }), { key: 'invalid_plugin', message })
  })
}

t.test('a module that never ends loading stops the start and is named', async (t) => {
  const plugins = entriesOf(t, {
    'a.mjs': `export default { ${head} }`,
    'b.mjs': `await new Promise(() => {})`,
  })
  await t.rejects(startHost(t, { plugins, limits: { startMs: 300 } }), {
    key: 'invalid_plugin',
    message: /b\.mjs': it did not load within 300 ms/,
  })
})

t.test('a missing module stops the start', async (t) => {
  const plugins = [{ module: '/nowhere/plugin.mjs' }]
  await t.rejects(startHost(t, { plugins }), {
    key: 'invalid_plugin',
    message: /nowhere\/plugin\.mjs/,
  })
})

t.test('two plugins cannot have one purpose, and both are named', async (t) => {
  const purposes = `purposes: { scans: { direction: 'input' } }`
  const plugins = entriesOf(t, {
    'a.mjs': `export default { ${head}, name: 'first', ${purposes} }`,
    'b.mjs': `export default { ${head}, name: 'second', ${purposes} }`,
  })
  await t.rejects(startHost(t, { plugins }), {
    key: 'invalid_plugin',
    message: /'first' and 'second' both claim the purpose 'scans'/,
  })
})

t.test('two plugins cannot have one name', async (t) => {
  const plugins = entriesOf(t, {
    'a.mjs': `export default { ${head} }`,
    'b.mjs': `export default { ${head} }`,
  })
  await t.rejects(startHost(t, { plugins }), { message: /'p' is also that of .*a\.mjs/ })
})

t.test('a dialect that does not exist is refused', async (t) => {
  const plugins = entriesOf(t, {
    'a.mjs': `export default { ${head}, purposes: { a: { direction: 'input', dialects: ['opanai'] } } }`,
  })
  await t.rejects(startHost(t, { plugins, dialects: ['openai', 'gravix'] }), {
    key: 'invalid_plugin',
    message: /'a' names the dialect 'opanai'; there are openai, gravix/,
  })
  await t.resolves(startHost(t, { plugins }))
})

t.test('a check for a dialect that does not exist is refused', async (t) => {
  const plugins = entriesOf(t, {
    'a.mjs': `export default { ${head}, checks: { '*': { dialects: ['opanai'], validate() {} } } }`,
  })
  await t.rejects(startHost(t, { plugins, dialects: ['openai', 'gravix'] }), {
    key: 'invalid_plugin',
    message: /the check of '\*' names the dialect 'opanai'; there are openai, gravix/,
  })
})

const withOptions = `export default { ${head},
  optionsSchema: {
    type: 'object',
    properties: { max: { type: 'integer', minimum: 1, default: 7 } },
    additionalProperties: false,
  },
  purposes: {
    a: {
      direction: 'input',
      validate: (_file, { options }) => ({ ok: true, facts: { options }, warnings: [] }),
    },
  },
}`

t.test('options that the schema refuses stop the start', async (t) => {
  const plugins = entriesOf(t, { 'p.mjs': withOptions }, { max: 0, min: 1 })
  await t.rejects(startHost(t, { plugins }), {
    key: 'invalid_plugin',
    message: /its options: .*does not know 'min'; max must be >= 1/,
  })
})

t.test('a plugin without schema takes no options', async (t) => {
  const plugins = entriesOf(t, { 'p.mjs': `export default { ${head} }` }, { max: 1 })
  await t.rejects(startHost(t, { plugins }), { message: /'p' takes no options/ })
})

t.test('validators get the options, with the defaults of their schema', async (t) => {
  for (const [given, seen] of [
    [undefined, { max: 7 }],
    [{ max: 9 }, { max: 9 }],
  ]) {
    const plugins = entriesOf(t, { 'p.mjs': withOptions }, given)
    const { host } = await startHost(t, { plugins })
    const outcome = await host.validate({
      purpose: 'a',
      dialect: 'openai',
      filename: 'f',
      size: 1,
      content: { buffer: Buffer.from('x') },
      project: 'p1',
      signal: new AbortController().signal,
    })
    t.match(outcome, { ok: true, facts: { p: { options: seen } } })
  }
})

t.test('purposes and reactions are known as data', async (t) => {
  const plugins = entriesOf(t, {
    'p.mjs': `export default { ${head},
      purposes: {
        full: {
          direction: 'output', extensions: ['.txt'], maxBytes: 5, defaultExpirySeconds: 60,
          maxBytesByExtension: { '.txt': 4 },
          dialects: ['openai'], validate() {},
        },
        bare: { direction: 'input' },
      },
      on: { FileDeleted() {} },
    }`,
    'q.mjs': `export default { ${head}, name: 'q', on: { purposes: '*', FileUploaded() {}, FileExpired() {} } }`,
    'r.mjs': `export default { ${head}, name: 'r' }`,
  })
  const { host } = await startHost(t, { plugins })
  const origin = { plugin: 'p', version: '1.0.0' }
  t.same(Object.fromEntries(host.purposes), {
    full: {
      ...origin,
      name: 'full',
      direction: 'output',
      extensions: ['.txt'],
      maxBytes: 5,
      maxBytesByExtension: { '.txt': 4 },
      defaultExpirySeconds: 60,
      dialects: ['openai'],
    },
    bare: {
      ...origin,
      name: 'bare',
      direction: 'input',
      extensions: null,
      maxBytes: null,
      maxBytesByExtension: {},
      defaultExpirySeconds: null,
      dialects: null,
    },
  })
  t.same(host.reactions, [
    { ...origin, purposes: ['full', 'bare'], types: ['FileDeleted'] },
    {
      plugin: 'q',
      version: '1.0.0',
      purposes: '*',
      types: ['FileUploaded', 'FileExpired'],
    },
  ])
})

t.test('a check of a purpose that nobody has is warned of', async (t) => {
  const plugins = entriesOf(t, {
    'p.mjs': `export default { ${head}, checks: { bach: { validate() {} } } }`,
  })
  const { log } = await startHost(t, { plugins })
  t.match(log, [{ level: 'warn', fields: { plugin: 'p', purpose: 'bach' } }])
})

t.test('a host without plugins has no purposes and needs no thread', async (t) => {
  const { host } = await startHost(t, { plugins: [] })
  t.equal(host.purposes.size, 0)
})

t.test('a number of workers that makes no sense is refused', async (t) => {
  for (const workers of [0, 65, 1.5]) {
    await t.rejects(startHost(t, { workers }), {
      name: 'CustodyError',
      key: 'invalid_configuration',
    })
  }
})

t.test('modules are imported in threads only', async (t) => {
  const plugins = entriesOf(t, {
    'p.mjs': `globalThis.wasImported = true; export default { ${head} }`,
  })
  const host = await createPluginHost({
    plugins,
    logger: { info() {}, warn() {}, error() {} },
    clock: performance,
  })
  t.notOk('wasImported' in globalThis)
  await host.close()
})
