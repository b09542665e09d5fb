import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'

/** Where things lie in a data folder. */
export type DataFolder = {
  readonly path: string
  readonly database: string
  readonly lock: string
  readonly run: string
  readonly serverFile: string
  readonly erasures: string
  readonly scrub: string
  /** See {@link takeBackupLease}. */
  readonly backupLease: string
  /** What a restore puts together; it is there only while one is under way, or was cut short. */
  readonly restoring: string
  /** What an import puts together, until it is whole. */
  readonly importing: string
  /** An import that is whole, until its files are where they belong. */
  readonly imported: string
}

export function layout(path: string): DataFolder {
  return {
    path,
    database: join(path, 'custody.db'),
    lock: join(path, 'lock.db'),
    run: join(path, 'run'),
    serverFile: join(path, 'run', 'server.json'),
    erasures: join(path, 'erasures.log'),
    scrub: join(path, 'run', 'scrub.json'),
    backupLease: join(path, 'run', 'backup.lock'),
    restoring: join(path, '.restore'),
    importing: join(path, '.import'),
    imported: join(path, '.imported'),
  }
}

/** Makes the folder (0700) where it is not there. @throws CustodyError `data_folder_unusable` */
export function prepareDataFolder(path: string): DataFolder {
  const folder = layout(path)
  const unfinished = unfinishedWork(folder)
  if (unfinished) {
    const { problem, action } = unfinished
    throw new CustodyError('data_folder_unusable', `${problem}: ${action}.`)
  }
  makeDataFolder(folder)
  return folder
}

/** What was begun on the folder and did not end, before which nothing is served from it, and what to do about it. */
export function unfinishedWork({ path, restoring, importing }: DataFolder) {
  const isRestore = existsSync(restoring)
  if (!isRestore && !existsSync(importing)) return undefined
  const [what, command, draft] = isRestore
    ? (['A restore', 'restore', restoring] as const)
    : (['An import', 'import', importing] as const)
  return {
    problem: `${what} into the data folder ${quote(path)} is under way, or was cut short`,
    action: `run \`custody ${command}\` again, or remove ${quote(draft)}`,
  }
}

/** @throws CustodyError `data_folder_unusable` */
export function makeDataFolder(folder: DataFolder): void {
  const { path } = folder
  try {
    makePrivateFolder(path)
    makePrivateFolder(folder.run)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError(
      'data_folder_unusable',
      `The data folder ${quote(path)} cannot be used: ${reason}`,
      { cause },
    )
  }
}

/** After a power cut the folder is there, and those that were made above it. */
export function makePrivateFolder(path: string): void {
  const first = makeFolders(path)
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700)
  if (first === undefined) return
  for (let made = resolve(path); made.length >= first.length; made = dirname(made)) {
    syncFolder(dirname(made))
  }
}

/**
 * Makes a folder and those above it; returns the first that was made. `mkdirSync` with `recursive` never ends where a folder
 * that is there takes no names, as in `/proc`.
 */
function makeFolders(path: string): string | undefined {
  if (existsSync(path) && statSync(path).isDirectory()) return undefined
  const above = dirname(path)
  const first = existsSync(above) ? undefined : makeFolders(above)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    // Somebody else was quicker.
    if (!isThere || !statSync(path).isDirectory()) throw error
    return first
  }
  return first ?? path
}

/** After a power cut the folder has the names that it has now. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
