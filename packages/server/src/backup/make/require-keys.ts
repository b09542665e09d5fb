import { CustodyError, quote } from '@custody/domain'
import type { LogReader } from '@custody/event-log'
import { listMasterKeys } from '@custody/file-index'
import { masterKeyStore } from '../../data-folder/master-keys.ts'
import type { BackedUpKeys } from '../back-up-keys.ts'
import type { BackupOptions } from './backup-options.ts'

/**
 * Refuses keys of which one of the snapshot is missing: a rotation may have come between the two.
 *
 * @throws CustodyError `master_key_missing`
 */
export async function requireKeys(
  { config, cwd }: BackupOptions,
  { sql }: LogReader,
  { folder }: BackedUpKeys,
): Promise<void> {
  if (config.masterKey !== undefined) return
  const nothingIsMade = (): never => {
    throw new TypeError('A backup makes no master key')
  }
  const store = masterKeyStore(
    { masterKey: undefined, secretsDir: folder, cwd },
    nothingIsMade,
  )
  const found = new Set(store.load().map(({ fingerprint }) => fingerprint))
  for (const { id, fingerprint, state } of await listMasterKeys(sql)) {
    if (state === 'retired' || found.has(fingerprint)) continue
    throw new CustodyError(
      'master_key_missing',
      `The master key ${id} of the snapshot is not in ${quote(config.secretsDir)}: keys were rotated meanwhile, or it is lost. Run the backup again; the former one is as it was.`,
    )
  }
}
