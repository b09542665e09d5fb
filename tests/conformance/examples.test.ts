import { spawn } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import {
  type CommandResult,
  environment,
  startServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'
import { findPython } from './support/find-python.ts'
import { type Example, readExamples } from './support/read-examples.ts'

// The examples of the README and of the page on the command line, as they stand there, so that they cannot rot.

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = join(root, 'README.md')
const examples = [readme, join(root, 'docs/command-line.md')].flatMap(readExamples)

const folder = temporaryFolder(t)
const server = await startServer(t, {
  dataDir: join(folder, 'data'),
  env: { CUSTODY_API_KEY: undefined, CUSTODY_ADMIN_KEY: undefined },
})

/** The example that a test is about. @throws Error when the README has it no more */
function example(heading: string, language: string, part = ''): Example {
  const found = examples.find(
    (one) =>
      one.heading === heading && one.language === language && one.code.includes(part),
  )
  if (!found) throw new Error(`no ${language} with "${part}" under "${heading}"`)
  return found
}

const exported = example('Start', 'sh', 'export').code.replace(
  'http://127.0.0.1:8080',
  server.address,
)

/** npm finds the scripts of the repository, as it does for a person who is there. */
const realNpm = `npm() { command npm --prefix '${root}' "$@"; }`
/** What that comes to, which npm itself takes as long for again. */
const sameAsNpm = `npm() {
  [ "$1 $2 $3 $4" = 'run --silent custody --' ] || return 9
  shift 4
  node '${root}packages/server/bin/custody.ts' "$@"
}`

/** Types lines into a shell in the folder, where what the README has exported is exported. */
async function shell(
  lines: string,
  { cwd = folder, npm = sameAsNpm } = {},
): Promise<CommandResult> {
  const preamble = [
    // Node would keep a list of its modules for the test runner.
    'unset NODE_OPTIONS',
    npm,
    `cd '${folder}'`,
    exported,
    `cd '${cwd}'`,
    'set -e',
  ]
  const child = spawn('bash', ['-c', [...preamble, lines].join('\n')], {
    cwd,
    env: environment({
      CUSTODY_DATA_DIR: server.dataDir,
      XDG_STATE_HOME: join(folder, 'state'),
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      npm_config_update_notifier: 'false',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  return { code, stdout, stderr }
}

const python = findPython()

t.test('npm start serves', async (t) => {
  t.equal(example('Start', 'sh', 'npm').code, 'npm start\n')
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.equal(scripts.start, 'node packages/server/bin/custody.ts serve')
  t.equal(scripts.custody, 'node packages/server/bin/custody.ts')
})

t.test('the line that the first start prints can be pasted', async (t) => {
  const line = await until('the line', () =>
    server.printed.find((printed) => printed.includes('curl ')),
  )
  const { code, stdout } = await shell(line)
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { filename: 'hello.txt', bytes: 6 })
})

t.test('curl', async (t) => {
  const { code, stdout } = await shell(example('As a client', 'sh', 'curl').code)
  t.equal(code, 0)
  const [uploaded = '', listed = ''] = stdout.replace('}{', '}\n{').split('\n')
  t.match(JSON.parse(uploaded), {
    object: 'file',
    purpose: 'batch',
    filename: 'batch.jsonl',
  })
  t.match(JSON.parse(listed), { object: 'list', data: [{ filename: 'batch.jsonl' }, {}] })
})

t.test('Node', async (t) => {
  mkdirSync(join(folder, 'node_modules'))
  const installed = fileURLToPath(new URL('.', import.meta.resolve('openai')))
  symlinkSync(installed, join(folder, 'node_modules', 'openai'))
  writeFileSync(join(folder, 'example.mjs'), example('As a client', 'js').code)
  const { code, stdout, stderr } = await shell('node example.mjs')
  t.equal(code, 0, stderr)
  const lines = stdout.split('\n')
  t.match(lines[0], /^file-[0-9a-f]{32} processed$/)
  t.equal(`${lines[1]}\n`, readFileSync(join(folder, 'batch.jsonl'), 'utf8'))
  t.ok(lines.slice(2).includes('batch.jsonl'), 'it is listed')
})

t.test(
  'Python',
  python ? {} : { skip: 'python3 with the package openai is not here' },
  async (t) => {
    writeFileSync(join(folder, 'example.py'), example('As a client', 'python').code)
    const { code, stdout, stderr } = await shell(`'${python}' example.py`)
    t.equal(code, 0, stderr)
    t.match(stdout, /^file-[0-9a-f]{32} \{"custom_id"/)
  },
)

t.test('the refusal of a file that is wrong', async (t) => {
  const good = readFileSync(join(folder, 'batch.jsonl'), 'utf8').trim()
  const wrong = good.replace('"custom_id":"1",', '')
  const answer = await server.api.upload({
    purpose: 'batch',
    filename: 'batch.jsonl',
    content: [good, wrong, wrong, wrong, wrong].join('\n'),
  })
  const documented = JSON.parse(example('As a client', 'json').code)
  for (const issue of documented.error.issues) delete issue['…']
  t.match(answer.json(), documented)
})

t.test('custody files', async (t) => {
  mkdirSync(join(folder, 'batches'))
  const content = readFileSync(join(folder, 'batch.jsonl'))
  for (const name of ['1.jsonl', '2.jsonl']) {
    writeFileSync(join(folder, 'batches', name), content)
  }
  const [put = '', get = ''] = example('As a client', 'sh', 'files put').code.split('\n')
  const { code, stdout, stderr } = await shell(put, { npm: realNpm })
  t.equal(code, 0, stderr)
  const [, id = ''] = /^(file-[0-9a-f]{32}) {2}batches\/[12]\.jsonl$/m.exec(stdout) ?? []
  const got = await shell(get.replace('file-…', id), { npm: realNpm })
  t.equal(got.code, 0, got.stderr)
  t.ok(readFileSync(join(folder, 'results.jsonl')).equals(content))
})

t.test('custody validate', async (t) => {
  const lines = example('As a client', 'sh', 'validate').code
  t.equal((await shell(lines)).code, 0)
  writeFileSync(join(folder, 'batch.jsonl'), '{}\n')
  t.equal((await shell(lines)).code, 1, 'and it refuses')
})

t.test('the plugin', async (t) => {
  const there = join(folder, 'plugin')
  mkdirSync(there)
  const code = example('As a plugin author', 'ts').code
  writeFileSync(join(there, 'my-notes.ts'), code)
  const named = /`custody\.config\.json` \(`(.*?)`\)/.exec(readFileSync(readme, 'utf8'))
  const config = join(there, 'custody.config.json')
  writeFileSync(config, named?.[1] ?? '')

  const server = await startServer(t, { env: { CUSTODY_CONFIG: config } })
  const upload = { purpose: 'notes', filename: 'a.txt' }
  const good = await server.api.upload({ ...upload, content: 'one\ntwo\n' })
  t.match(good.json(), { purpose: 'notes', status: 'processed' })
  const content = `one\n${'x'.repeat(1001)}\n`
  t.match((await server.api.upload({ ...upload, content })).json(), {
    error: {
      code: 'long_line',
      message: 'Line 2: At most 1,000 characters.',
      plugin: 'my-notes',
    },
  })
  const markdown = { purpose: 'notes', filename: 'a.md', content: 'x' }
  t.match((await server.api.upload(markdown)).error(), { code: 'invalid_extension' })
})

t.test('custody audit', async (t) => {
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const { id } = (await server.api.upload(upload)).json()
  await server.api.delete(id)
  const lines = example('As an auditor', 'sh').code.replace('file-…', `${id} `)
  const { code, stdout, stderr } = await shell(lines)
  t.equal(code, 0, stderr)
  t.match(stdout, /FileUploaded.*FileDeleted.*OK: /s)
})

t.test('the pages on dialects: a project, its key, and another dialect', async (t) => {
  const pages = globSync(['docs/dialects.md', 'docs/dialects/*.md'], { cwd: root })
  const typed = pages.flatMap((page) =>
    readExamples(join(root, page)).filter(({ language }) => language === 'sh'),
  )
  t.ok(typed.length > 5)
  for (const { heading, code } of typed) {
    const [create = '', ...others] = code.replaceAll('\\\n', '').trim().split('\n')
    const { stdout, stderr } = await shell(create)
    const id = stdout.trim()
    t.match(id, /^proj_/, `${heading}: ${stderr}`)
    const line = others.join('\n').replace('proj_…', id)
    const done = await shell(line.replace('http://127.0.0.1:8080', server.address))
    t.equal(done.code, 0, done.stderr)
    t.notMatch(done.stdout, /"error"/, line)
  }
})

t.test('custody projects, keys and files', async (t) => {
  const [create = '', ...others] = example('Administer', 'sh').code.trim().split('\n')
  const created = await shell(create)
  t.equal(created.code, 0, created.stderr)
  const id = created.stdout.trim()
  t.match(id, /^proj_/)
  let key = ''
  for (const line of others) {
    const typed = line.replace('proj_…', id).replace('key_…', key)
    const { code, stdout, stderr } = await shell(typed)
    key = /\bkey_[0-9a-f]+/.exec(stdout)?.[0] ?? key
    t.equal(code, 0, stderr)
    t.not(stdout, '', line)
  }
})
