import { takeExclusiveLock } from '@custody/event-log/lock'
import { exchange } from '../client/connection/http-exchange.ts'
import { type DataFolder, layout } from '../data-folder/data-folder.ts'
import { type RunningServer, readServerFile } from '../data-folder/server-file.ts'

/** Milliseconds for a server to say that it is there. */
const ANSWER_MS = 5000

/** The server that serves a data folder and answers; undefined where none does. */
export async function runningServer(dataDir: string): Promise<RunningServer | undefined> {
  const running = findRunning(layout(dataDir))
  return running && (await answers(running.address)) ? running : undefined
}

/**
 * The server that serves the folder. A process that died leaves its file behind, and another server may have its
 * address by now: whether it lives, the lock tells.
 */
function findRunning(folder: DataFolder): RunningServer | undefined {
  const server = readServerFile(folder)
  if (!server) return undefined
  const lock = takeExclusiveLock(folder.lock)
  lock?.release()
  return lock ? undefined : server
}

/** Whether a server is at an address. */
async function answers(address: string): Promise<boolean> {
  try {
    const response = await exchange(new URL('/healthz', address), {
      method: 'GET',
      idleMs: ANSWER_MS,
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    response.resume()
    return response.statusCode === 200
  } catch {
    return false
  }
}
