import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type DataFolder,
  makePrivateFolder,
  syncFolder,
} from '../data-folder/data-folder.ts'
import { replaceFile } from '../data-folder/replace-file.ts'

/** What only served to put an import together. */
const SCAFFOLD: readonly string[] = ['lock.db', 'run', 'staging', 'secrets', 'custody.db']

/**
 * Puts the files of an import that is whole where they belong, the database last; an import that was killed while it
 * did so is finished here by whoever takes the folder next. The caller has the folder's lock.
 */
export function settleImport(folder: DataFolder, secretsDir: string): void {
  const { imported, path } = folder
  if (!existsSync(imported)) return
  const secrets = join(imported, 'secrets')
  if (existsSync(secrets)) {
    makePrivateFolder(secretsDir)
    for (const name of readdirSync(secrets)) {
      const target = join(secretsDir, name)
      // Copied, since secrets may lie on another disk.
      if (!existsSync(target)) {
        replaceFile(target, readFileSync(join(secrets, name), 'utf8'), 0o600)
      }
    }
  }
  const others = readdirSync(imported).filter((name) => !SCAFFOLD.includes(name))
  for (const name of others) renameSync(join(imported, name), join(path, name))
  syncFolder(path)
  const database = join(imported, 'custody.db')
  if (existsSync(database)) renameSync(database, folder.database)
  syncFolder(path)
  rmSync(imported, { recursive: true })
  syncFolder(path)
}
