import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { prepareDataFolder } from '../src/data-folder/data-folder.ts'
import { lockDataFolder } from '../src/data-folder/lock-data-folder.ts'
import { loadSecrets } from '../src/data-folder/secrets.ts'
import { readServerFile, writeServerFile } from '../src/data-folder/server-file.ts'

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'custody-data-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

const random = (bytes: number) => globalThis.crypto.getRandomValues(new Uint8Array(bytes))
const mode = (path: string) => statSync(path).mode & 0o777

t.test('a data folder is its owner’s alone', async (t) => {
  const folder = prepareDataFolder(join(temporaryFolder(t), 'deep', 'data'))
  t.equal(mode(folder.path), 0o700)
  t.equal(mode(folder.run), 0o700)
})

t.test(
  'a data folder that cannot be made is refused by its path',
  { skip: process.platform !== 'linux' },
  async (t) => {
    for (const path of ['/proc/none', '/proc/none/deeper', '/dev/null/none']) {
      t.throws(() => prepareDataFolder(path), {
        key: 'data_folder_unusable',
        message: `The data folder '${path}' cannot be used: `,
      })
    }
  },
)

t.test('a data folder that is a file is refused by its path', async (t) => {
  const path = join(temporaryFolder(t), 'file')
  writeFileSync(path, '')
  t.throws(() => prepareDataFolder(path), {
    key: 'data_folder_unusable',
    message: /file' cannot be used/,
  })
})

t.test('a folder that is taken says who has it', async (t) => {
  const folder = prepareDataFolder(temporaryFolder(t))
  const lock = lockDataFolder(folder)
  t.throws(() => lockDataFolder(folder), {
    key: 'data_folder_in_use',
    message: /has not said where/,
  })
  writeServerFile(folder, { pid: 42, address: 'http://127.0.0.1:1', token: 'secret' })
  t.throws(() => lockDataFolder(folder), {
    message: /in use: process 42 serves it at http:\/\/127\.0\.0\.1:1\.$/,
  })
  lock.release()
  lockDataFolder(folder).release()
})

t.test(
  'the server file is readable by its owner only, and nonsense in it is no server',
  async (t) => {
    const folder = prepareDataFolder(temporaryFolder(t))
    t.equal(readServerFile(folder), undefined)
    const server = { pid: 1, address: 'http://x', token: 'y' }
    writeServerFile(folder, server)
    t.equal(mode(folder.serverFile), 0o600)
    t.strictSame(readServerFile(folder), server)
    writeFileSync(folder.serverFile, '{"pid":"1"}')
    t.equal(readServerFile(folder), undefined)
  },
)

t.test('keys are made once, kept for their owner only, and found again', async (t) => {
  const secretsDir = join(temporaryFolder(t), 'secrets')
  const none = { secretsDir, adminKey: undefined, apiKey: undefined }
  const first = loadSecrets(none, random)
  t.match(first.apiKey, { value: /^sk-custody-[\w-]{43}$/, fresh: true })
  t.not(first.apiKey.value, first.adminKey.value)
  t.equal(mode(secretsDir), 0o700)
  t.equal(mode(first.apiKey.source), 0o600)
  t.equal(readFileSync(first.apiKey.source, 'utf8').trim(), first.apiKey.value)
  const second = loadSecrets(none, random)
  t.equal(second.apiKey.value, first.apiKey.value)
  t.notOk(second.apiKey.fresh)
})

t.test('a key whose writing was cut short is made anew', async (t) => {
  const secretsDir = join(temporaryFolder(t), 'secrets')
  mkdirSync(secretsDir)
  writeFileSync(join(secretsDir, 'api-key.draft'), 'sk-cust')
  const none = { secretsDir, adminKey: undefined, apiKey: undefined }
  const { apiKey } = loadSecrets(none, random)
  t.match(apiKey, { value: /^sk-custody-[\w-]{43}$/, fresh: true })
  t.same(readdirSync(secretsDir).sort(), ['admin-key', 'api-key', 'webhook-key'])
})

t.test('one key cannot be both', async (t) => {
  const key = 'k'.repeat(20)
  t.throws(() => loadSecrets({ secretsDir: '/', adminKey: key, apiKey: key }, random), {
    key: 'invalid_configuration',
    message: /CUSTODY_ADMIN_KEY.*CUSTODY_API_KEY.*must differ/,
  })
})

t.test(
  'a supplied key is taken as it is, and refused where it is too short or has spaces',
  async (t) => {
    const given = {
      secretsDir: temporaryFolder(t),
      adminKey: 'a'.repeat(20),
      apiKey: 'b'.repeat(256),
    }
    t.match(loadSecrets(given, random), {
      apiKey: { value: given.apiKey, source: 'CUSTODY_API_KEY' },
    })
    for (const apiKey of [
      'short',
      'b'.repeat(257),
      `${'b'.repeat(20)} c`,
      `${'b'.repeat(20)}ü`,
    ]) {
      t.throws(() => loadSecrets({ ...given, apiKey }, random), {
        key: 'invalid_configuration',
        message: /^CUSTODY_API_KEY must be 20 to 256 visible ASCII characters/,
      })
    }
  },
)
