import { randomBytes } from 'node:crypto'
import { globSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError } from '@custody/domain'
import { createIds } from '@custody/service'
import type { Test } from 'tap'
import { apiClient } from '../../../testkit/src/server/api-client.ts'
import {
  makeTemporaryFolder,
  removeFolder,
} from '../../../testkit/src/server/temporary-folder.ts'
import type { BackupOptions } from '../../src/backup/make/backup-options.ts'
import { makeBackup } from '../../src/backup/make/make-backup.ts'
import {
  type RestoreOptions,
  restoreBackup,
} from '../../src/backup/restore/restore-backup.ts'
import { type Config, loadConfig } from '../../src/config/load-config.ts'
import { layout } from '../../src/data-folder/data-folder.ts'
import { runServer } from '../../src/deployment/run-server.ts'
import { createLogger } from '../../src/logger.ts'

const KiB = 1024
const apiKey = 'sk-custody-test-key-of-the-default-project'
const logger = createLogger('off')
const ids = createIds(Date.now)

/** A folder with room for a deployment, its backup, its keys and what is restored. */
export type Scratch = {
  readonly folder: string
  readonly backup: string
  readonly keys: string
  config(name?: string): Config
  /** Runs a server while `work` does. */
  serve<T>(
    work: (api: ReturnType<typeof apiClient>) => Promise<T>,
    name?: string,
  ): Promise<T>
  back(options?: Partial<BackupOptions>): ReturnType<typeof makeBackup>
  /** Into a data folder of this name. */
  restore(
    name: string,
    options?: Partial<RestoreOptions>,
  ): ReturnType<typeof restoreBackup>
}

export function scratch(t: Test): Scratch {
  const folder = makeTemporaryFolder()
  t.teardown(() => removeFolder(folder))
  const backup = join(folder, 'backup')
  const keys = join(folder, 'keys')
  const config = (name = 'data') =>
    loadConfig({
      env: { CUSTODY_DATA_DIR: join(folder, name), CUSTODY_API_KEY: apiKey },
      cwd: folder,
      isTerminal: false,
    })
  return {
    folder,
    backup,
    keys,
    config,
    async serve(work, name) {
      const where = { host: '127.0.0.1', port: 0, cwd: folder }
      const server = await runServer({
        ...{ config: config(name), logger, ...where },
        forCommand: false,
        onLost() {},
      })
      try {
        return await work(apiClient(server.address, apiKey))
      } finally {
        await server.stop()
      }
    },
    back: (options = {}) =>
      makeBackup({
        data: layout(config().dataDir),
        folder: backup,
        keysFolder: keys,
        config: config(),
        cwd: folder,
        link: false,
        newId: ids.uuid,
        now: () => new Date(),
        askCheckpoint: async () => {},
        ...options,
      }),
    restore: (name, options = {}) =>
      restoreBackup({
        folder: backup,
        keysFolder: keys,
        erasures: undefined,
        checkpoint: undefined,
        skipDamaged: false,
        data: layout(config(name).dataDir),
        config: config(name),
        cwd: folder,
        ids,
        logger,
        now: Date.now(),
        monotonic: () => performance.now(),
        signal: new AbortController().signal,
        ...options,
      }),
  }
}

/** A deployment with some files, a checkpoint and an erasure, that was backed up. */
export async function filledScratch(t: Test) {
  const here = scratch(t)
  const contents = [randomBytes(100 * KiB), randomBytes(1500 * KiB), Buffer.from('small')]
  const ids = await here.serve(async (api) => {
    const made: string[] = []
    for (const content of contents) {
      const form = { purpose: 'user_data', filename: 'a.bin', content }
      made.push((await api.upload(form)).json().id)
    }
    const form = { purpose: 'user_data', filename: 'b.txt', content: 'b' }
    const { id } = (await api.upload(form)).json()
    await api.call('POST', `/v1/files/${id}/erase`)
    await api.call('GET', '/v1/log/checkpoint')
    return made
  })
  await here.back()
  const [generation = ''] = readdirSync(here.keys)
  return {
    ...here,
    ids,
    contents,
    /** Paths of pieces. */
    blobs: globSync('blobs/*/*', { cwd: here.backup }),
    snapshot: globSync('snapshots/*/*', { cwd: here.backup }),
    /** Folder among the keys. */
    generation,
  }
}

/** How the work was refused, or `done`. */
export async function said(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof CustodyError) return `${error.key}: ${error.message}`
    throw error
  }
  return 'done'
}
