import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { DataFolder } from './data-folder.ts'

/** What a running server tells the command line: `run/server.json`, readable by its owner only. */
export type RunningServer = {
  readonly pid: number
  /** `http://127.0.0.1:8080` */
  readonly address: string
  /** An admin key of this run. */
  readonly token: string
}

export function writeServerFile(folder: DataFolder, server: RunningServer): void {
  const draft = `${folder.serverFile}.${server.pid}`
  writeFileSync(draft, `${JSON.stringify(server)}\n`, { mode: 0o600 })
  renameSync(draft, folder.serverFile)
}

export function removeServerFile(folder: DataFolder): void {
  rmSync(folder.serverFile, { force: true })
}

/** What the file says; whether that server lives, the lock tells. */
export function readServerFile(folder: DataFolder): RunningServer | undefined {
  try {
    const found: Partial<RunningServer> = JSON.parse(
      readFileSync(folder.serverFile, 'utf8'),
    )
    const { pid, address, token } = found
    if (
      typeof pid !== 'number' ||
      typeof address !== 'string' ||
      typeof token !== 'string'
    ) {
      return undefined
    }
    return { pid, address, token }
  } catch {
    return undefined
  }
}
