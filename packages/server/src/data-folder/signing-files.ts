import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { durableFiles } from '@custody/blob-store'
import type { SigningStore } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { makePrivateFolder } from './data-folder.ts'
import { replaceFile } from './replace-file.ts'

/** Names of the files, for commands that read them. */
export const CHECKPOINT_FILE = 'log.checkpoint'
export const VERIFIER_KEYS_FILE = 'log.vkey'

/** Where the signing key lies. */
export function signingKeyPath({ secretsDir }: Pick<Config, 'secretsDir'>): string {
  return join(secretsDir, 'log-signing-key')
}

/**
 * The signing key in the secrets folder; beside the database what is no secret, and has to be there when the database is
 * not any more: the verifier keys and the checkpoint that was signed last.
 */
export function signingFiles(
  config: Pick<Config, 'secretsDir' | 'dataDir'>,
): SigningStore {
  const keyPath = signingKeyPath(config)
  const checkpointPath = join(config.dataDir, CHECKPOINT_FILE)
  const vkeyPath = join(config.dataDir, VERIFIER_KEYS_FILE)
  return {
    keyPath,
    checkpointPath,
    readKey: () => readIfThere(keyPath)?.trim(),
    writeKey(text) {
      makePrivateFolder(dirname(keyPath))
      replaceFile(keyPath, `${text}\n`, 0o600)
    },
    readVerifierKeys: () => readIfThere(vkeyPath),
    writeVerifierKeys: (text) => replaceFile(vkeyPath, text, 0o644),
    readCheckpoint: () => readIfThere(checkpointPath),
    async writeCheckpoint(note) {
      const draft = `${checkpointPath}.draft`
      // Of a write that was cut short.
      await rm(draft, { force: true })
      const file = await durableFiles.createExclusively(draft)
      try {
        await writeFile(file, note)
        await durableFiles.syncFile(file)
      } finally {
        await file.close()
      }
      await durableFiles.renameDurably(draft, checkpointPath)
    },
  }
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined
    }
    throw error
  }
}
