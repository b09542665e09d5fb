import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import { makePrivateFolder, syncFolder } from '../data-folder/data-folder.ts'
import { copyFile, hashFile } from './copy-file.ts'
import { readManifest, writeManifest } from './manifest.ts'

/** Not backed up: a log that is restored gets a new one, and two logs that sign with one key contradict each other. */
const NEVER = 'log-signing-key'

const generation = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const name = /^[a-z][a-z0-9-]*$/

/** The keys of one backup. */
export type BackedUpKeys = {
  /** Absolute: where they are. */
  readonly folder: string
  /** Names of the files. */
  readonly names: readonly string[]
  /** Of backups that are not there any more. */
  removeFormer(): void
}

/**
 * Copies the files of the secrets folder into a folder of their own, named after the backup that they belong to. Those of
 * the former backup stay until that is not there any more.
 *
 * @throws CustodyError `backup_unusable` where the folder has anything else
 */
export async function backUpKeys(options: {
  readonly secretsDir: string
  readonly keysFolder: string
  /** Of the backup. */
  readonly id: string
}): Promise<BackedUpKeys> {
  const { secretsDir, keysFolder, id } = options
  if (!existsSync(keysFolder)) makePrivateFolder(keysFolder)
  const foreign = readdirSync(keysFolder).find(
    (one) => !generation.test(one) && one !== 'lost+found',
  )
  if (foreign !== undefined) {
    throw new CustodyError(
      'backup_unusable',
      `${quote(keysFolder)} is no folder of backed up keys: it has ${quote(foreign)}. Take one that is empty, or not there.`,
    )
  }
  const folder = join(keysFolder, id)
  makePrivateFolder(folder)
  const manifest = writeManifest(folder, 'custody-keys 1')
  const names = secretNames(secretsDir)
  for (const path of names) {
    const { sha256 } = await copyFile(join(secretsDir, path), join(folder, path))
    manifest.add({ path, sha256 })
  }
  manifest.finish({ backup: id })
  return {
    folder,
    names,
    removeFormer() {
      for (const one of readdirSync(keysFolder)) {
        if (generation.test(one) && one !== id)
          rmSync(join(keysFolder, one), { recursive: true })
      }
      syncFolder(keysFolder)
    },
  }
}

function secretNames(secretsDir: string): string[] {
  if (!existsSync(secretsDir)) return []
  return readdirSync(secretsDir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name) && entry.name !== NEVER)
    .map((entry) => entry.name)
    .sort()
}

/** Keys as they were backed up. */
export type FoundKeys = {
  /** Absolute. */
  readonly folder: string
  readonly names: readonly string[]
}

/**
 * The keys that belong to a backup, or else the latest that are there; each file was compared with its SHA-256.
 *
 * @throws CustodyError `backup_unusable` where there are none, `backup_damaged`
 */
export async function findKeys(keysFolder: string, id: string): Promise<FoundKeys> {
  const all = existsSync(keysFolder)
    ? readdirSync(keysFolder)
        .filter((one) => generation.test(one))
        .sort()
        .reverse()
    : []
  for (const one of [id, ...all]) {
    const folder = join(keysFolder, one)
    const manifest = readManifest(folder, 'custody-keys 1')
    if (!manifest) continue
    const names: string[] = []
    for (const entry of manifest.entries()) {
      if (!('path' in entry) || !name.test(entry.path)) continue
      const path = join(folder, entry.path)
      const found = existsSync(path) ? (await hashFile(path)).sha256 : undefined
      if (found !== entry.sha256) throw damaged(folder, entry.path, found)
      names.push(entry.path)
    }
    return { folder, names }
  }
  throw new CustodyError(
    'backup_unusable',
    `${quote(keysFolder)} holds no keys that \`custody backup --keys\` has written.`,
  )
}

function damaged(folder: string, key: string, found: string | undefined): CustodyError {
  const how = found === undefined ? 'is missing' : 'is not what was backed up'
  return new CustodyError('backup_damaged', `The key ${key} in ${quote(folder)} ${how}.`)
}
