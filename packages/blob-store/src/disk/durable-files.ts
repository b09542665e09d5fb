import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The file operations that durability rests on, and no others: nothing else in this package creates, syncs,
 * renames or removes. What each promises holds on a disk that honours a flush.
 *
 * After a failed sync nothing may be promised about the file, and a second sync that succeeds means nothing: the kernel
 * marks the lost pages clean (https://lwn.net/Articles/752063/). So a failed sync is never repeated.
 */
export type DurableFiles = {
  /**
   * Creates an empty file (0600) for writing; `EEXIST` if the name is taken. After a power cut the file may be
   * there or not, with any part of what was written.
   */
  createExclusively(path: string): Promise<FileHandle>
  /**
   * Opens a file that is there for writes past the page cache (`O_DIRECT`); undefined where the platform or the file system
   * has none. Such a write is no more durable than any other.
   */
  openDirectly(path: string): Promise<FileHandle | undefined>
  /**
   * Starts what `syncFile` will do, so that less is left for it. After a power cut the bytes written before this are
   * there, if the file's name is.
   */
  syncData(handle: FileHandle): Promise<void>
  /** After a power cut all bytes written before this are there, if the file's name is. */
  syncFile(handle: FileHandle): Promise<void>
  /**
   * Moves a synced file within one file system and replaces what `to` was. After a power cut `to` is the whole
   * file; `from` may be there as well. If it rejects, either name or none may have survived.
   */
  renameDurably(from: string, to: string): Promise<void>
  /** Creates a folder (0700) unless it is there; its parent must be. After a power cut the folder is there. */
  makeFolderDurably(folder: string): Promise<void>
  /** After a power cut the folder has the names that it has now. */
  syncFolder(folder: string): Promise<void>
  /** Removes files. After a power cut they are gone. Resolves to those that were there. */
  removeDurably(paths: readonly string[]): Promise<string[]>
  /** Removes a file if it is there. After a power cut it may be back. */
  remove(path: string): Promise<boolean>
}

/** On the disk of this machine. */
export const durableFiles: DurableFiles = {
  createExclusively,
  openDirectly,
  syncData,
  syncFile,
  renameDurably,
  makeFolderDurably,
  syncFolder,
  removeDurably,
  remove,
}

function createExclusively(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600)
}

async function openDirectly(path: string): Promise<FileHandle | undefined> {
  if (constants.O_DIRECT === undefined) return undefined
  try {
    return await open(path, constants.O_WRONLY | constants.O_DIRECT)
  } catch (error) {
    if (hasCode(error, 'EINVAL')) return undefined
    throw error
  }
}

function syncData(handle: FileHandle): Promise<void> {
  return handle.datasync()
}

function syncFile(handle: FileHandle): Promise<void> {
  return handle.sync()
}

async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

async function makeFolderDurably(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  // Also when it was there: who made it may have died before this line.
  await syncFolder(dirname(folder))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function removeDurably(paths: readonly string[]): Promise<string[]> {
  const removed: string[] = []
  const touched = new Set<string>()
  try {
    for (const path of paths) {
      touched.add(dirname(path))
      if (await remove(path)) removed.push(path)
    }
  } finally {
    // A missing file's folder too: an earlier removal may have been cut off before its sync.
    for (const folder of touched) await syncFolderIfThere(folder)
  }
  return removed
}

async function syncFolderIfThere(folder: string): Promise<void> {
  try {
    await syncFolder(folder)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function remove(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Whether `error` is a system error with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
