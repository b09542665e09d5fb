import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError } from '@custody/domain/errors'
import { checkSuppliedKey, makeKey } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { makePrivateFolder } from './data-folder.ts'
import { replaceFile } from './replace-file.ts'

/** A key with the place where it can be found again. */
export type Secret = {
  readonly value: string
  /** The file that holds it, or the setting that supplied it. */
  readonly source: string
  /** Made just now. */
  readonly fresh: boolean
}

export type Secrets = {
  readonly adminKey: Secret
  readonly apiKey: Secret
  /** What the secrets of webhooks are encrypted under. */
  readonly webhookKey: Secret
}

/**
 * The keys that the configuration supplies, or those in the secrets folder, which makes what is missing.
 *
 * @throws CustodyError `invalid_configuration` for a key that is no key, or is both
 */
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
    // A key that was shown must be there after a power cut, and one that was cut short must not be taken for a key.
    replaceFile(path, `${value}\n`, 0o600)
    return { value, source: path, fresh: true }
  }
  const adminKey = load(
    config.adminKey,
    'CUSTODY_ADMIN_KEY',
    'admin-key',
    'sk-custody-admin-',
  )
  const apiKey = load(config.apiKey, 'CUSTODY_API_KEY', 'api-key', 'sk-custody-')
  if (adminKey.value === apiKey.value) {
    throw new CustodyError(
      'invalid_configuration',
      `The admin key (${adminKey.source}) and the API key (${apiKey.source}) are the same; they must differ.`,
    )
  }
  const webhookKey = load(undefined, '', 'webhook-key', 'custody-webhook-')
  return { adminKey, apiKey, webhookKey }
}
