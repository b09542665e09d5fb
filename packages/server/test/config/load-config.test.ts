import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type ConfigSources, loadConfig } from '../../src/config/load-config.ts'
import { settings } from '../../src/config/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-config-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function load(sources: Partial<ConfigSources> = {}) {
  return loadConfig({ env: {}, cwd: folder, isTerminal: false, ...sources })
}

function configFile(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

t.test('without any setting the defaults hold', async (t) => {
  const config = load()
  t.match(config, {
    host: '127.0.0.1',
    port: 8080,
    dialect: 'openai',
    sqliteDriver: 'node',
    log: 'json',
  })
  t.equal(config.dataDir, join(folder, 'data'))
  t.equal(config.secretsDir, join(folder, 'data', 'secrets'))
  t.equal(config.plugins.length, settings.plugins.default.length)
  t.ok(Object.isFrozen(config))
})

t.test(
  'a flag goes over the environment, and the environment over the file',
  async (t) => {
    const CUSTODY_CONFIG = configFile('order.json', {
      port: 1,
      host: '10.0.0.1',
      dataDir: 'here',
    })
    const config = load({
      env: { CUSTODY_CONFIG, CUSTODY_PORT: '2' },
      flags: { port: 3 },
    })
    t.equal(config.port, 3)
    t.equal(load({ env: { CUSTODY_CONFIG, CUSTODY_PORT: '2' } }).port, 2)
    t.equal(load({ env: { CUSTODY_CONFIG } }).port, 1)
    t.equal(config.host, '10.0.0.1')
  },
)

t.test(
  'a path in the file is relative to the file, one in the environment to the working folder',
  async (t) => {
    const CUSTODY_CONFIG = configFile('paths.json', { dataDir: 'here' })
    const elsewhere = { cwd: '/elsewhere' }
    t.equal(load({ ...elsewhere, env: { CUSTODY_CONFIG } }).dataDir, join(folder, 'here'))
    const env = { CUSTODY_CONFIG, CUSTODY_DATA_DIR: 'there' }
    t.equal(load({ ...elsewhere, env }).dataDir, '/elsewhere/there')
  },
)

t.test('custody.config.json is found without being named', async (t) => {
  const path = configFile('custody.config.json', { port: 4242 })
  t.equal(load().port, 4242)
  rmSync(path)
})

for (const [what, sources, message] of [
  [
    'an unknown variable',
    { env: { CUSTODY_PROT: '1' } },
    /CUSTODY_PROT is not a setting\. Settings are: CUSTODY_HOST, /,
  ],
  [
    'a port that is no number',
    { env: { CUSTODY_PORT: 'http' } },
    /CUSTODY_PORT is 'http'; it must be integer/,
  ],
  [
    'a port that is too large',
    { env: { CUSTODY_PORT: '70000' } },
    /CUSTODY_PORT is '70000'; it must be <= 65535/,
  ],
  ['a flag that is wrong', { flags: { port: 'x' } }, /--port is 'x'/],
  [
    'a dialect that nobody knows',
    { env: { CUSTODY_DIALECT: 'klingon' } },
    /CUSTODY_DIALECT is 'klingon'; it must be one of: openai/,
  ],
  [
    'a way of sealing that there is not',
    { env: { CUSTODY_SEAL: 'compress' } },
    /CUSTODY_SEAL is 'compress'; it must be one of: compress\+encrypt, encrypt, off/,
  ],
  [
    'a configuration file that is not there',
    { env: { CUSTODY_CONFIG: 'nowhere.json' } },
    /'nowhere\.json' does not exist/,
  ],
] as const) {
  t.test(`${what} stops the start, and the message names it`, async (t) => {
    t.throws(() => load(sources), { key: 'invalid_configuration', message })
  })
}

for (const [what, content, message] of [
  ['that is not JSON', '{', /is not JSON/],
  ['that holds no object', [], /must hold an object/],
  ['with an unknown setting', { prot: 1 }, /'prot' in '.*' is not a setting/],
  ['with a wrong value', { plugins: [{ modul: 'x' }] }, /'plugins' in '.*' is/],
] as const) {
  t.test(`a configuration file ${what} stops the start`, async (t) => {
    const CUSTODY_CONFIG = configFile('bad.json', content)
    t.throws(() => load({ env: { CUSTODY_CONFIG } }), {
      key: 'invalid_configuration',
      message,
    })
  })
}

t.test('a wrong key is never shown', async (t) => {
  const CUSTODY_CONFIG = configFile('key.json', { apiKey: 12345678 })
  t.throws(() => load({ env: { CUSTODY_CONFIG } }), { message: /^(?!.*12345678)/s })
})

t.test('the address of the client is no setting, and no mistake', async (t) => {
  const env = { CUSTODY_URL: 'http://127.0.0.1:8080' }
  t.strictSame(loadConfig({ env, cwd: t.testdir(), isTerminal: false }).warnings, [])
})

t.test('what Kubernetes injects is ignored with a warning', async (t) => {
  const config = load({
    env: {
      CUSTODY_SERVICE_HOST: '10.0.0.1',
      CUSTODY_PORT: 'tcp://10.0.0.1:80',
      CUSTODY_PORT_80_TCP: 'tcp://10.0.0.1:80',
    },
  })
  t.equal(config.port, 8080)
  t.equal(config.warnings.length, 3)
  t.match(config.warnings[1], /CUSTODY_PORT looks like Kubernetes/)
})
