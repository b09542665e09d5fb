import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { checkSuppliedKey, makeKey } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { makePrivateFolder } from './data-folder.ts'

/** A key with the place where it can be found again. */
export type Secret = {
  readonly value: string
  /** The file that holds it, or the setting that supplied it. */
  readonly source: string
  /** Made just now. */
  readonly fresh: boolean
}

export type Secrets = { readonly adminKey: Secret; readonly apiKey: Secret }

/** The keys that the configuration supplies, or those in the secrets folder, which makes what is missing. */
export function loadSecrets(
  config: Pick<Config, 'secretsDir' | 'adminKey' | 'apiKey'>,
  random: (bytes: number) => Uint8Array,
): Secrets {
  const load = (
    given: string | undefined,
    setting: string,
    file: string,
    prefix: string,
  ): Secret => {
    if (given !== undefined) {
      checkSuppliedKey(setting, given)
      return { value: given, source: setting, fresh: false }
    }
    makePrivateFolder(config.secretsDir)
    const path = join(config.secretsDir, file)
    if (existsSync(path)) {
      const value = readFileSync(path, 'utf8').trim()
      checkSuppliedKey(path, value)
      return { value, source: path, fresh: false }
    }
    const value = makeKey(prefix, random(32))
    writeSecret(path, value)
    return { value, source: path, fresh: true }
  }
  return {
    adminKey: load(
      config.adminKey,
      'CUSTODY_ADMIN_KEY',
      'admin-key',
      'sk-custody-admin-',
    ),
    apiKey: load(config.apiKey, 'CUSTODY_API_KEY', 'api-key', 'sk-custody-'),
  }
}

/** A key that was shown must be there after a power cut. */
function writeSecret(path: string, value: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, `${value}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
