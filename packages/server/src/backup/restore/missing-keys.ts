import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError } from '@custody/domain'
import { openSqliteLogReader, type Sql, statement } from '@custody/event-log'
import { listMasterKeys, projections } from '@custody/file-index'
import type { MasterKey } from '@custody/service'
import type { Config } from '../../config/load-config.ts'
import { masterKeyStore } from '../../data-folder/master-keys.ts'
import type { FoundKeys } from '../back-up-keys.ts'

/** What cannot be opened after a restore, for lack of keys. */
export type MissingKeys = {
  /** Master keys that the database knows, and that are not there. */
  readonly master: readonly { readonly id: string; readonly extents: number }[]
  /** Secrets of webhooks that no key opens. */
  readonly webhookSecrets: number
}

type Tables = {
  wrapped_keys: { readonly extent: string; readonly kek: string }
  webhook_secrets: { readonly id: string }
}

const sealedUnder = statement<Tables, { kek: string }>()((db, p) =>
  db
    .selectFrom('wrapped_keys')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('kek', '=', p('kek')),
)

const webhookSecrets = statement<Tables, Record<never, never>>()((db) =>
  db.selectFrom('webhook_secrets').select((e) => e.fn.countAll<number>().as('count')),
)

/**
 * Compares the keys that will be there with those that the database knows.
 *
 * @throws CustodyError `master_key_missing` where keys were given, and are of another deployment
 */
export async function missingKeys(options: {
  /** Folder of the database. */
  readonly staging: string
  /** Those that are restored. */
  readonly keys: FoundKeys | undefined
  readonly config: Pick<Config, 'secretsDir' | 'masterKey'>
  readonly cwd: string
}): Promise<MissingKeys> {
  const { staging, keys } = options
  const reader = await openSqliteLogReader({
    path: join(staging, 'custody.db'),
    driver: 'node',
    projections,
  })
  try {
    const { sql } = reader
    const found = masterKeysOf(options)
    const known = (await listMasterKeys(sql)).filter(({ state }) => state !== 'retired')
    const missing = known.filter(
      ({ fingerprint }) => !found.some((key) => key.fingerprint === fingerprint),
    )
    const isOfKeys = options.config.masterKey === undefined
    if (isOfKeys && keys?.names.includes('master-key') && missing.length > 0) {
      throw new CustodyError(
        'master_key_missing',
        `The keys in ${keys.folder} have ${found.map(({ id }) => id).join(', ')}, and content of this backup is sealed under ${missing.map(({ id }) => id).join(', ')}: they are of another backup.`,
      )
    }
    const master: MissingKeys['master'][number][] = []
    for (const { id } of missing) {
      master.push({ id, extents: (await sql.get(sealedUnder, { kek: id }))?.count ?? 0 })
    }
    return { master, webhookSecrets: await unopenedSecrets(sql, options) }
  } finally {
    await reader.close()
  }
}

/** As a server will find them. */
function masterKeysOf(options: {
  readonly keys: FoundKeys | undefined
  readonly config: Pick<Config, 'secretsDir' | 'masterKey'>
  readonly cwd: string
}): readonly MasterKey[] {
  const { keys, config, cwd } = options
  const secretsDir = keys?.names.includes('master-key') ? keys.folder : config.secretsDir
  const nothingIsMade = (): never => {
    throw new TypeError('A restore makes no master key')
  }
  return masterKeyStore({ ...config, secretsDir, cwd }, nothingIsMade).load()
}

async function unopenedSecrets(
  sql: Sql,
  {
    keys,
    config,
  }: {
    readonly keys: FoundKeys | undefined
    readonly config: Pick<Config, 'secretsDir'>
  },
): Promise<number> {
  const name = 'webhook-key'
  if (keys?.names.includes(name) || existsSync(join(config.secretsDir, name))) return 0
  return (await sql.get(webhookSecrets, {}))?.count ?? 0
}
