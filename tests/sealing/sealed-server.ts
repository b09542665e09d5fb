import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeTemporaryFolder, removeFolder, type TestServer } from '@custody/testkit'
import type { Test } from 'tap'

export const MiB = 2 ** 20

/** The settings of a server that seals. */
export const sealed = { CUSTODY_SEAL: 'compress+encrypt' }

/** Content that shrinks. */
export function text(
  bytes: number,
  line = 'a line that is in no other file, again and again\n',
): Buffer {
  return Buffer.alloc(bytes, line)
}

/** Uploads content and resolves to the file's id. */
export async function put({ api }: TestServer, content: Uint8Array): Promise<string> {
  const answer = await api.upload({
    purpose: 'user_data',
    filename: 'a.bin',
    content: Buffer.from(content),
  })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json().id
}

export function database(dataDir: string): DatabaseSync {
  return new DatabaseSync(join(dataDir, 'custody.db'))
}

/** A folder that goes with the test. */
export function folder(t: Test): string {
  const dataDir = makeTemporaryFolder()
  t.teardown(() => removeFolder(dataDir))
  return dataDir
}

/** The one stored object of a data folder. */
export function objectOf(dataDir: string): string {
  const [path, ...others] = globSync('blobs/*/*', { cwd: dataDir })
  if (path === undefined || others.length > 0) throw new Error('not one object')
  return join(dataDir, path)
}

/** The same bytes, with one bit another. */
export function flip(stored: Buffer, at: number): Buffer {
  const flipped = Buffer.from(stored)
  flipped[at] = (flipped[at] ?? 0) ^ 16
  return flipped
}

type FileEvent = {
  readonly type: string
  readonly actor: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Everything that happened to a file, oldest first. */
export async function eventsOf({ api }: TestServer, id: string): Promise<FileEvent[]> {
  const answer = await api.call('GET', `/v1/files/${id}/events?limit=100`)
  return answer.json<{ data: FileEvent[] }>().data
}

type Scrubbed = {
  readonly damaged: readonly object[]
  readonly repaired: readonly object[]
  readonly next: string | null
}

/** Has the server read all content again. */
export async function scrub({ admin }: TestServer): Promise<Scrubbed> {
  const answer = await admin.call('POST', '/v1/organization/scrub', { body: {} })
  return answer.json<Scrubbed>()
}

/** Reads what comes of a content until the connection ends, however it does. */
export async function readUntilCut(server: TestServer, id: string) {
  const response = await fetch(`${server.address}/v1/files/${id}/content`, {
    headers: { authorization: `Bearer ${server.apiKey}` },
  })
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
    return { status: response.status, bytes: Buffer.concat(chunks), isCut: false }
  } catch {
    return { status: response.status, bytes: Buffer.concat(chunks), isCut: true }
  }
}
