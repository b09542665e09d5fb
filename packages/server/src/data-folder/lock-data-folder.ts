import { CustodyError, quote } from '@custody/domain/errors'
import { type ExclusiveLock, takeExclusiveLock } from '@custody/event-log/lock'
import type { DataFolder } from './data-folder.ts'
import { readServerFile } from './server-file.ts'

/** Takes the folder for this process. @throws CustodyError `data_folder_in_use`, naming who has it */
export function lockDataFolder(folder: DataFolder): ExclusiveLock {
  const lock = takeExclusiveLock(folder.lock)
  if (lock) return lock
  const server = readServerFile(folder)
  const who = server
    ? `process ${server.pid} serves it at ${server.address}`
    : 'another process has it, which has not said where it serves'
  throw new CustodyError(
    'data_folder_in_use',
    `The data folder ${quote(folder.path)} is in use: ${who}.`,
  )
}
