import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import {
  createKeyRing,
  type KeyRing,
  MASTER_KEY_BYTES,
  type MasterKey,
  type MasterKeyStore,
  masterKey,
} from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { makePrivateFolder } from './data-folder.ts'
import { replaceFile } from './replace-file.ts'

/** 32 bytes in base64, with or without padding, in either alphabet; several are separated by commas. */
const base64Keys = /^[A-Za-z0-9+/_-]{43}=?(,[A-Za-z0-9+/_-]{43}=?)*$/

/**
 * The keys that `CUSTODY_MASTER_KEY` holds or names a file of; otherwise `master-key` in the secrets folder. A file has
 * one key on each line.
 */
export function masterKeyStore(
  { masterKey: given, secretsDir, cwd }: StoreOptions,
  random: (bytes: number) => Uint8Array,
): MasterKeyStore {
  const setting = 'CUSTODY_MASTER_KEY'
  if (given !== undefined) {
    const load = () => parseKeys(keysOf(given, cwd, setting), setting)
    return { source: setting, load, make: undefined, remove: undefined }
  }
  const path = join(secretsDir, 'master-key')
  const load = () => (existsSync(path) ? parseKeys(readFileSync(path, 'utf8'), path) : [])
  const write = (keys: readonly MasterKey[]) => {
    const lines = keys.map(({ key }) => `${Buffer.from(key).toString('base64')}\n`)
    replaceFile(path, lines.join(''), 0o600)
  }
  return {
    source: path,
    load,
    make() {
      const made = masterKey(new Uint8Array(random(MASTER_KEY_BYTES)))
      const keys = [made, ...load()]
      writing(path, () => {
        makePrivateFolder(secretsDir)
        write(keys)
      })
      return made
    },
    remove(ids) {
      const keys = load()
      const left = keys.filter(({ id }) => !ids.has(id))
      if (left.length === keys.length) return
      writing(path, () => overwriteAfter(path, () => write(left)))
    },
  }
}

/** The keys that are there, to read with; undefined where there are none, as in a copy without its secrets. */
export function loadKeyRing(
  config: Pick<Config, 'masterKey' | 'secretsDir'>,
  cwd: string,
): KeyRing | undefined {
  const nothingIsWrapped = (): never => {
    throw new TypeError('A reader wraps no keys')
  }
  const { load } = masterKeyStore({ ...config, cwd }, nothingIsWrapped)
  const [first, ...others] = load()
  return first && createKeyRing([first, ...others], nothingIsWrapped)
}

type StoreOptions = Pick<Config, 'masterKey' | 'secretsDir'> & {
  /** A relative path of the setting starts from here. */
  readonly cwd: string
}

/** @throws CustodyError `data_folder_unusable`, `insufficient_storage` */
function writing(path: string, work: () => void): void {
  try {
    work()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw new CustodyError(
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'insufficient_storage'
        : 'data_folder_unusable',
      `The master keys cannot be written to ${quote(path)} (${code || String(cause)}); those that are there stay.`,
      { cause },
    )
  }
}

/**
 * Overwrites what a file was when it has been replaced. Where the file system keeps copies, they are its own matter; a
 * process that is killed in between leaves the old blocks to be used again.
 */
function overwriteAfter(path: string, replace: () => void): void {
  const former = openSync(path, 'r+')
  try {
    const { size } = fstatSync(former)
    replace()
    writeSync(former, Buffer.alloc(size), 0, size, 0)
    fsyncSync(former)
  } finally {
    closeSync(former)
  }
}

function keysOf(given: string, cwd: string, setting: string): string {
  const path = resolve(cwd, given)
  // A path of 43 letters and slashes is base64, too; no key is the name of a file.
  if (base64Keys.test(given) && !existsSync(path)) return given
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
    // What is neither may yet be a secret, mistyped.
    throw new CustodyError(
      'invalid_configuration',
      `${setting} is neither ${MASTER_KEY_BYTES} bytes in base64 (44 characters) nor a file that can be read${code}; it has ${given.length} characters.`,
    )
  }
}

function parseKeys(text: string, source: string): MasterKey[] {
  const lines = text.split(/[\s,]+/).filter((line) => line !== '')
  return lines.map((line) => {
    const key = new Uint8Array(Buffer.from(line, 'base64'))
    if (base64Keys.test(line) && key.length === MASTER_KEY_BYTES) return masterKey(key)
    throw new CustodyError(
      'invalid_configuration',
      `${source} has a master key of ${line.length} characters; one is ${MASTER_KEY_BYTES} bytes in base64, 44 characters.`,
    )
  })
}
