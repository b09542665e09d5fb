import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { masterKey } from '@custody/service'
import t, { type Test } from 'tap'
import { masterKeyStore } from '../../src/data-folder/master-keys.ts'

const first = randomBytes(32)
const second = randomBytes(32)
const text = (key: Uint8Array) => Buffer.from(key).toString('base64')
const ids = (keys: readonly { readonly id: string }[]) => keys.map(({ id }) => id)

function open(t: Test, given?: string) {
  const folder = t.testdir({})
  const secretsDir = join(folder, 'secrets')
  const store = masterKeyStore({ masterKey: given, secretsDir, cwd: folder }, randomBytes)
  return { ...store, folder, path: join(secretsDir, 'master-key') }
}

t.test(
  'a key is made in the secrets folder when it is asked for, and not before',
  async (t) => {
    const store = open(t)
    t.same(store.load(), [])
    t.equal(store.source, store.path)
    const made = store.make?.()
    t.same(store.load(), [made])
    t.equal(statSync(store.path).mode & 0o777, 0o600)
    t.match(readFileSync(store.path, 'utf8'), /^[A-Za-z0-9+/]{43}=\n$/)
  },
)

t.test(
  'a key can be given as text or as a file, several separated by commas or lines',
  async (t) => {
    const expected = ids([masterKey(first), masterKey(second)])
    const base64url = Buffer.from(second).toString('base64url')
    const asText = open(t, `${text(first)},${base64url}`)
    t.same(ids(asText.load()), expected)
    t.equal(asText.make, undefined, 'none is ever made')
    const asFile = open(t, 'key')
    writeFileSync(join(asFile.folder, 'key'), `${text(first)}\n${text(second)}\n`)
    t.same(ids(asFile.load()), expected)
  },
)

t.test('a path that could be base64 is the file that is there', async (t) => {
  const path = 'a/path/of/letters/that/is/as/long/as/key/'.padEnd(43, 'k')
  const store = open(t, path)
  t.equal(store.load().length, 1, 'there is no such file')
  mkdirSync(dirname(join(store.folder, path)), { recursive: true })
  writeFileSync(join(store.folder, path), `${text(first)}\n`)
  t.same(ids(store.load()), ids([masterKey(first)]))
})

t.test('what is no key is refused, and not shown', async (t) => {
  const refuses = (given: string, message: RegExp) => {
    const thrown = t.throws(() => open(t, given).load(), {
      code: 'invalid_configuration',
      message,
    })
    t.notOk(String(thrown).includes(given))
  }
  refuses(
    text(first).slice(0, 30),
    /CUSTODY_MASTER_KEY is neither 32 bytes in base64 \(44 characters\) nor a file that can be read \(ENOENT\); it has 30 characters/,
  )
  const cut = open(t, 'key')
  writeFileSync(join(cut.folder, 'key'), text(first).slice(0, 20))
  t.throws(() => cut.load(), {
    message:
      /has a master key of 20 characters; one is 32 bytes in base64, 44 characters/,
  })
})

t.test('a fingerprint tells keys apart and is of no use without them', async (t) => {
  const { id, fingerprint } = masterKey(first)
  t.same(masterKey(new Uint8Array(first)).fingerprint, fingerprint)
  t.not(masterKey(second).fingerprint, fingerprint)
  t.equal(id, `mk_${fingerprint.slice(0, 16)}`)
  t.notOk(fingerprint.includes(Buffer.from(first).toString('hex')))
})
