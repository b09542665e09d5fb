import { randomBytes } from 'node:crypto'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestServer } from '@custody/testkit'

const KiB = 1024

/** Content that lies on disk, and that nothing compresses. */
export const noise = (kibibytes = 100) => randomBytes(kibibytes * KiB)

/** Resolves to the id of the file. */
export async function upload(
  { api }: Pick<TestServer, 'api'>,
  content: string | Uint8Array,
  filename = 'a.bin',
): Promise<string> {
  const answer = await api.upload({ purpose: 'user_data', filename, content })
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return answer.json().id
}

export async function checkpointOf({ api }: Pick<TestServer, 'api'>): Promise<string> {
  return (await api.call('GET', '/v1/log/checkpoint')).text
}

/** Events that a checkpoint covers. */
export const sizeOf = (note: string) => Number(note.split('\n')[1])

/** Paths of the content that a backup has. */
export const blobsIn = (backup: string) => globSync('blobs/*/*', { cwd: backup }).sort()

/** Path of the database that a backup has. */
export function databaseIn(backup: string): string {
  const [snapshot = ''] = readdirSync(join(backup, 'snapshots'))
  return `snapshots/${snapshot}/custody.db`
}

/** Files in a folder that hold a mark. */
export function filesWith(folder: string, mark: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(mark))
}
