import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type DataFolder,
  makePrivateFolder,
  syncFolder,
} from '../../data-folder/data-folder.ts'
import { replaceFile } from '../../data-folder/replace-file.ts'
import { readIfThere } from '../../data-folder/signing-files.ts'
import type { RestoreReport } from './restore-report.ts'

/** Says that all is there and was checked: what is left is to move it. */
const READY = 'ready.json'

/** What is moved, in this order: a data folder without its database is begun by nobody, as long as the rest is under way. */
const NAMES = [
  'blobs',
  'erasures.log',
  'log.vkey',
  'log.checkpoint',
  'custody.db-wal',
  'custody.db',
] as const

/** A restore that was cut short when all was there. */
export function readyRestore(data: DataFolder): RestoreReport | undefined {
  const path = join(data.restoring, READY)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

export function markReady(data: DataFolder, report: RestoreReport): void {
  replaceFile(join(data.restoring, READY), `${JSON.stringify(report)}\n`, 0o600)
}

/** Moves what was restored to where it belongs. It can be cut short anywhere, and done again. */
export function putInPlace(data: DataFolder, secretsDir: string): void {
  const staging = data.restoring
  const secrets = join(staging, 'secrets')
  makePrivateFolder(secretsDir)
  for (const name of existsSync(secrets) ? readdirSync(secrets) : []) {
    install(join(secretsDir, name), readFileSync(join(secrets, name), 'utf8'))
  }
  for (const name of NAMES) {
    const from = join(staging, name)
    if (existsSync(from)) renameSync(from, join(data.path, name))
  }
  syncFolder(data.path)
  rmSync(secrets, { recursive: true, force: true })
  // At once: with half of it left, the folder would be neither new nor restored.
  const done = `${staging}d`
  rmSync(done, { recursive: true, force: true })
  renameSync(staging, done)
  rmSync(done, { recursive: true })
  syncFolder(data.path)
}

/** The only key that can be there already and be another one is that which signed the log: it may be in use elsewhere. */
function install(path: string, text: string): void {
  const former = readIfThere(path)
  if (former === text) return
  if (former !== undefined) replaceFile(`${path}.former`, former, 0o600)
  replaceFile(path, text, 0o600)
}
