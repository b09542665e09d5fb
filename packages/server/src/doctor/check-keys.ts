import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '@custody/domain'
import { countWrappedKeys, listMasterKeys } from '@custody/file-index'
import { masterKeyStore } from '../data-folder/master-keys.ts'
import { signingKeyPath, VERIFIER_KEYS_FILE } from '../data-folder/signing-files.ts'
import type { Check, DoctorFinding } from './check.ts'

/** Whether what was sealed can be opened, and the log can be signed. */
export const checkKeys: Check = {
  name: 'keys',
  otherwise: 'Put the keys back as they were: a backup of the secrets has them.',
  async run({ config, cwd, folder, reader }) {
    const { sql } = await reader()
    const findings: DoctorFinding[] = []
    const nothingIsMade = (): never => {
      throw new TypeError('No key is made here')
    }
    const { source, load } = masterKeyStore({ ...config, cwd }, nothingIsMade)
    const here = new Set(load().map(({ id }) => id))
    const known = await listMasterKeys(sql)
    const used = await countWrappedKeys(sql)
    const missing = known.filter(({ id, state }) => state !== 'retired' && !here.has(id))
    for (const { id, state } of missing) {
      findings.push({
        problem: `Master key ${id} is not in ${source}, and the database says that it is ${state}.`,
        action:
          'Put it back: a backup of the secrets has it. Until then the server does not start, and no other key opens what it sealed.',
      })
    }
    let sealed = 0
    for (const { kek, extents } of used) {
      sealed += extents
      if (here.has(kek) || missing.some(({ id }) => id === kek)) continue
      findings.push({
        problem: `${extents} extents are sealed under master key ${kek}, which is not in ${source}.`,
        action: 'Put it back: a backup of the secrets has it.',
      })
    }
    if (!existsSync(signingKeyPath(config))) {
      findings.push({
        problem: `The key that signs the log is not there: ${quote(signingKeyPath(config))}.`,
        action:
          'Put it back from a backup of the secrets. If it is lost, custody serve --accept-rollback begins a new epoch with a new key.',
      })
    }
    if (!existsSync(join(folder.path, VERIFIER_KEYS_FILE))) {
      findings.push({
        problem: `${VERIFIER_KEYS_FILE} is not in the data folder: whoever verifies receipts looks for it there.`,
        action: 'The next start of the server writes it again.',
      })
    }
    for (const [setting, file] of supplied) {
      if (config[setting] !== undefined) continue
      if (existsSync(join(config.secretsDir, file))) continue
      findings.push({
        problem: `${quote(join(config.secretsDir, file))} is not there.`,
        action:
          'Put it back from a backup of the secrets, or the next start makes another key, and the former one is refused.',
      })
    }
    const summary = `${here.size} master ${here.size === 1 ? 'key' : 'keys'} for ${sealed} sealed extents`
    return { summary, findings }
  },
}

const supplied = [
  ['adminKey', 'admin-key'],
  ['apiKey', 'api-key'],
] as const
