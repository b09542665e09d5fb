import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type LogReader, lastCheckpoint, snapshotSqlite } from '@custody/event-log'
import { makePrivateFolder, syncFolder } from '../../data-folder/data-folder.ts'
import { replaceFile } from '../../data-folder/replace-file.ts'
import { CHECKPOINT_FILE, VERIFIER_KEYS_FILE } from '../../data-folder/signing-files.ts'
import { databasePath, SNAPSHOTS } from '../backup-folder.ts'
import { copyFile, hashFile, syncFile } from '../copy-file.ts'
import type { Piece } from '../manifest.ts'
import type { BackupOptions } from './backup-options.ts'
import { sizeOf } from './size-of.ts'

/** What lies beside the database in a data folder, and is copied as it is. */
const COPIED = ['erasures.log', VERIFIER_KEYS_FILE]

/** Copies the database as it is now. Resolves to the path of the database. */
export async function takeSnapshot(
  { data, folder }: BackupOptions,
  id: string,
): Promise<string> {
  const path = join(folder, databasePath({ id }))
  makePrivateFolder(join(folder, SNAPSHOTS, id))
  try {
    await snapshotSqlite(data.database, path)
  } catch (error) {
    rmSync(join(folder, SNAPSHOTS, id), { recursive: true, force: true })
    throw error
  }
  chmodSync(path, 0o600)
  await syncFile(path)
  return path
}

/** Copies what belongs to the snapshot beside its database. */
export async function copyBeside(
  { data, folder }: BackupOptions,
  id: string,
  { sql }: LogReader,
): Promise<Piece[]> {
  const pieces: Piece[] = []
  // That of the data folder may cover events that came after the snapshot.
  const note = (await lastCheckpoint(sql))?.note
  if (note !== undefined) {
    const path = `${SNAPSHOTS}/${id}/${CHECKPOINT_FILE}`
    replaceFile(join(folder, path), note, 0o600)
    pieces.push({ path, sha256: (await hashFile(join(folder, path))).sha256 })
  }
  for (const name of COPIED) {
    const source = join(data.path, name)
    const bytes = await sizeOf(source)
    if (bytes === undefined) continue
    const path = `${SNAPSHOTS}/${id}/${name}`
    const { sha256 } = await copyFile(source, join(folder, path), { bytes })
    pieces.push({ path, sha256 })
  }
  syncFolder(join(folder, SNAPSHOTS, id))
  return pieces
}
