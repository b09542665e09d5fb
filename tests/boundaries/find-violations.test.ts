import t from 'tap'
import { findViolations, type Manifest } from './find-violations.ts'

const packageNames = [
  'plugin-api',
  'transparency',
  'domain',
  'event-log',
  'file-index',
  'blob-store',
  'service',
  'http',
  'server',
  'testkit',
]
const npmNames = ['kysely', 'sqlite3', 'koa', '@koa/router', 'busboy', 'ajv']

const folders = [
  ...packageNames.map((name) => `packages/${name}`),
  'plugins/general',
  'plugins/documents',
]
const nameOf = (folder: string) =>
  folder.replace('packages/', '@custody/').replace('plugins/', '@custody/plugin-')

// Every package declares every other one, so that a case breaks the rule it is about and no other.
const manifests = new Map<string, Manifest>(
  folders.map((folder) => [
    folder,
    {
      name: nameOf(folder),
      exports: {
        '.': './src/index.ts',
        ...(folder === 'packages/domain' && { './errors': './src/errors/index.ts' }),
      },
      dependencies: Object.fromEntries(
        [...folders.map(nameOf), ...npmNames].map((name) => [name, '*']),
      ),
    },
  ]),
)

/** The violations of one file in the folder given. */
function check(folder: string, text: string, file = 'src/x.ts'): string[] {
  return findViolations({ manifests, sources: [{ path: `${folder}/${file}`, text }] })
}

/** Whether each of some imports is refused, with one parse for all. */
function refused(cases: readonly (readonly [folder: string, text: string])[]): boolean[] {
  const sources = cases.map(([folder, text], index) => ({
    path: `${folder}/src/case-${index}.ts`,
    text,
  }))
  const violations = findViolations({ manifests, sources })
  return sources.map(({ path }) => violations.some((line) => line.startsWith(`${path}:`)))
}

t.test('lets each package import the packages below it, and no others', async (t) => {
  const all = folders.filter((folder) => folder !== 'packages/testkit').map(nameOf)
  const expected: Record<string, readonly string[]> = {
    'packages/plugin-api': [],
    'packages/transparency': [],
    'packages/domain': ['@custody/transparency'],
    'packages/event-log': ['@custody/transparency', '@custody/domain/errors'],
    'packages/file-index': [
      '@custody/transparency',
      '@custody/domain',
      '@custody/domain/errors',
      '@custody/event-log',
    ],
    'packages/blob-store': ['@custody/domain/errors'],
    'packages/service': [
      '@custody/plugin-api',
      '@custody/transparency',
      '@custody/domain',
      '@custody/domain/errors',
      '@custody/event-log',
      '@custody/file-index',
      '@custody/blob-store',
    ],
    'packages/http': ['@custody/domain', '@custody/domain/errors', '@custody/service'],
    'packages/server': [...all, '@custody/domain/errors'],
    'packages/testkit': [...all, '@custody/domain/errors'],
    'plugins/general': ['@custody/plugin-api'],
    'plugins/documents': ['@custody/plugin-api'],
  }
  const specifiers = [...folders.map(nameOf), '@custody/domain/errors']
  const pairs = folders.flatMap((from) =>
    specifiers
      .filter((to) => to !== nameOf(from) && !to.startsWith(`${nameOf(from)}/`))
      .map((to) => [from, to] as const),
  )
  const values = refused(pairs.map(([from, to]) => [from, `import { a } from '${to}'`]))
  const types = refused(
    pairs.map(([from, to]) => [from, `import type { A } from '${to}'`]),
  )
  for (const [index, [from, to]] of pairs.entries()) {
    const forbidden = expected[from]?.includes(to) !== true
    t.equal(values[index], forbidden, `${from} imports ${to}`)
    const typesOnly = from === 'packages/http' && to === '@custody/blob-store'
    t.equal(types[index], forbidden && !typesOnly, `${from} imports types of ${to}`)
  }
})

t.test('names the file, the line, the arrow and what is allowed', async (t) => {
  const text = `/* a\n comment */\nimport t from './y.ts'\n\nimport {\n  a,\n} from '@custody/service'\n`
  t.strictSame(check('packages/domain', text), [
    'packages/domain/src/x.ts:7 @custody/domain → @custody/service: domain may import transparency',
  ])
})

t.test('sees every form of import and export', async (t) => {
  const forms = [
    `import '@custody/http'`,
    `import a from '@custody/http'`,
    `import * as a from "@custody/http"`,
    `import a, { type B } from '@custody/http'`,
    `import { type A } from '@custody/http'`,
    `import type { A } from '@custody/http'`,
    `import a from '@custody/http' with { type: 'json' }`,
    `import a = require('@custody/http')`,
    `export { a } from '@custody/http'`,
    `export * from '@custody/http'`,
    `export * as a from '@custody/http'`,
    `export type { A } from '@custody/http'`,
    `const a = await import('@custody/http')`,
    'const a = await import(`@custody/http`)',
    `type A = import('@custody/http').A`,
    `const a = import.meta.resolve('@custody/http')`,
    `const a = require('@custody/http')`,
    `const a = require.resolve('@custody/http')`,
    `const a = \`\${await import('@custody/http')}\``,
    `const a = b / 2; import '@custody/http'; const c = d / 2`,
    `const a = /'/; import '@custody/http'; const b = /'/`,
  ]
  const found = refused(forms.map((form) => ['packages/service', form]))
  for (const [index, form] of forms.entries()) t.equal(found[index], true, form)
})

t.test('takes no comment, text or computed name for an import', async (t) => {
  const forms = [
    `// import '@custody/http'`,
    `/** import { a } from '@custody/http' */`,
    `const a = "import '@custody/http'"`,
    "const a = `\nimport '@custody/http'\n`",
    `const a = await import(module)`,
    `const a = b.import('@custody/http')`,
    `export const from = '@custody/http'`,
  ]
  const found = refused(forms.map((form) => ['packages/service', form]))
  for (const [index, form] of forms.entries()) t.equal(found[index], false, form)
})

t.test('lets http import the types of blob-store, and no value', async (t) => {
  const found = refused([
    ['packages/http', `import type { A } from '@custody/blob-store'`],
    ['packages/http', `export type { A } from '@custody/blob-store'`],
    ['packages/http', `type A = import('@custody/blob-store').A`],
    ['packages/http', `import { type A } from '@custody/blob-store'`],
    ['packages/http', `export { a } from '@custody/blob-store'`],
    ['packages/http', `const a = await import('@custody/blob-store')`],
  ])
  t.strictSame(found, [false, false, false, true, true, true])
})

t.test('keeps the database and the web server to their packages', async (t) => {
  const owners: Record<string, readonly string[]> = {
    kysely: ['event-log', 'file-index'],
    'kysely/helpers/sqlite': ['event-log', 'file-index'],
    sqlite3: ['event-log'],
    'node:sqlite': ['event-log'],
    koa: ['http'],
    '@koa/router': ['http'],
    busboy: ['http'],
  }
  const pairs = Object.keys(owners).flatMap((specifier) =>
    folders.map((folder) => [folder, specifier] as const),
  )
  const found = refused(
    pairs.map(([from, to]) => [from, `import type { A } from '${to}'`]),
  )
  for (const [index, [from, to]] of pairs.entries()) {
    const allowed = owners[to]?.includes(from.replace('packages/', '')) === true
    t.equal(found[index], !allowed, `${from} imports ${to}`)
  }
  t.strictSame(check('packages/service', `import Koa from 'koa'`), [
    'packages/service/src/x.ts:1 @custody/service → koa: only http may import it',
  ])
})

t.test('keeps I/O out of domain and transparency', async (t) => {
  for (const name of ['domain', 'transparency']) {
    const found = refused([
      [`packages/${name}`, `import { hash } from 'node:crypto'`],
      [`packages/${name}`, `import { hash } from 'crypto'`],
      [`packages/${name}`, `import { readFileSync } from 'node:fs'`],
      [`packages/${name}`, `import { readFile } from 'fs/promises'`],
      [`packages/${name}`, `import type { Readable } from 'node:stream'`],
      [`packages/${name}`, `const { hostname } = await import('node:os')`],
    ])
    t.strictSame(found, [false, false, true, true, true, true], name)
  }
  t.strictSame(check('packages/service', `import { readFileSync } from 'node:fs'`), [])
})

t.test('lets only server and testkit read the environment', async (t) => {
  const reads = [
    'const a = process.env.CUSTODY_PORT',
    'run({ ...process.env })',
    'const a = process?.env',
    `const a = process['env']`,
    'const a = globalThis.process.env',
    'const { env } = process',
    'const { env: a, argv } = process',
    'const { argv, ...rest } = process',
    `import { env } from 'node:process'`,
    `import a from 'process'`,
  ]
  const others = [
    'process.exitCode = 1',
    'const { argv } = process',
    'const a = event.env',
    'const a = worker({ env: {} })',
    '// process.env',
    `const a = 'process.env'`,
  ]
  for (const folder of folders) {
    const isReader = folder === 'packages/server' || folder === 'packages/testkit'
    const found = refused([...reads, ...others].map((text) => [folder, text]))
    const expected = [...reads.map(() => !isReader), ...others.map(() => false)]
    t.strictSame(found, expected, folder)
  }
  t.strictSame(check('packages/server', 'process.env.A', 'bin/custody.ts'), [])
  t.strictSame(check('packages/http', '\nprocess.env.A', 'bin/tool.ts'), [
    'packages/http/bin/tool.ts:2 @custody/http → process.env: only server reads the environment',
  ])
})

t.test('keeps relative imports in their package', async (t) => {
  const why = 'leaves its package'
  t.strictSame(check('packages/http', `import '../../domain/src/index.ts'`), [
    `packages/http/src/x.ts:1 @custody/http → ../../domain/src/index.ts: ${why}`,
  ])
  t.strictSame(check('packages/event-log', `import '../../event-log-x/src/a.ts'`), [
    `packages/event-log/src/x.ts:1 @custody/event-log → ../../event-log-x/src/a.ts: ${why}`,
  ])
  t.strictSame(check('packages/server', `import '../src/main.ts'`, 'bin/custody.ts'), [])
  t.strictSame(check('packages/http', `import '../../x.ts'`, 'src/a/b/y.ts'), [])
  t.strictSame(
    check('packages/http', `import '../../../../x.ts'`, 'src/a/b/y.ts').length,
    1,
  )
})

t.test('demands that an import is declared', async (t) => {
  const own: Manifest = {
    name: '@custody/http',
    exports: { '.': './src/index.ts' },
    dependencies: { '@custody/service': 'workspace:*', '@koa/router': '1' },
    peerDependencies: { peer: '1' },
    optionalDependencies: { optional: '1' },
    devDependencies: { dev: '1' },
  }
  const specifiers = [
    '@koa/router',
    'peer',
    'optional/deep/file.js',
    'dev',
    '@custody/service',
    '@custody/domain',
    'koa',
    '@koa/other',
    'toString',
    '@custody/http',
    '#internal',
    '/etc/passwd',
    'file:///etc/passwd',
  ]
  const violations = findViolations({
    manifests: new Map([...manifests, ['packages/http', own]]),
    sources: [
      {
        path: 'packages/http/src/x.ts',
        text: specifiers.map((specifier) => `import '${specifier}'`).join('\n'),
      },
    ],
  })
  const undeclared = violations
    .filter((line) => line.endsWith(': not in its package.json'))
    .map((line) => line.split(' ')[3]?.slice(0, -1))
  t.strictSame(undeclared, specifiers.slice(5))
})

t.test('demands that an import goes through the exports', async (t) => {
  for (const entry of ['src/index.ts', 'errors/index.ts', 'package.json', 'toString']) {
    t.strictSame(check('packages/service', `import '@custody/domain/${entry}'`), [
      `packages/service/src/x.ts:1 @custody/service → @custody/domain/${entry}: bypasses the exports of its package`,
    ])
  }
  t.strictSame(check('packages/service', `import '@custody/domain/errors'`), [])
})

t.test('demands a rule for a package that is new', async (t) => {
  const added = new Map([...manifests, ['packages/toString', { name: '@custody/new' }]])
  t.strictSame(findViolations({ manifests: added, sources: [] }), [
    'packages/toString: no rule says what it may import',
  ])
})
