import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ExportReport,
  type VerifyExportOptions,
  verifyExport,
} from '@custody/server'
import {
  custody,
  type Settings,
  startServer,
  type TestServer,
  temporaryFolder,
} from '@custody/testkit'
import type { Test } from 'tap'

/** A deployment with something of everything in its log, and what it exports. */
export type Exported = {
  /** Still running, with what the export has. */
  readonly server: TestServer
  /** Empty, for what a test makes. */
  readonly folder: string
  /** The file, with contents. */
  readonly file: string
  readonly lines: readonly string[]
  /** Id → content, of live files. */
  readonly contents: ReadonlyMap<string, Buffer>
  readonly deleted: readonly string[]
  readonly erased: string
  /** What only the erased file says. */
  readonly secret: string
}

/** Lines of an export, without their line ends. */
export function linesOf(text: string): string[] {
  return text.trimEnd().split('\n')
}

/** JSON with sorted keys and no white space (RFC 8785, for values as these are). */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

export const fileOf = (lines: readonly string[]) => `${lines.join('\n')}\n`

/**
 * Contents of several sizes, deleted and erased files, a revoked key.
 *
 * @param uploads 250: more than a tile of events
 */
export async function makeExport(
  t: Test,
  uploads: number,
  env: Settings = {},
): Promise<Exported> {
  const server = await startServer(t, { env })
  const { api } = server
  const contents = new Map<string, Buffer>()
  const upload = async (n: number, bytes: number) => {
    const content = Buffer.from(`${n}:`.padEnd(bytes, '0123456789abcdef'))
    const form = { purpose: 'user_data', filename: `Wilhelmine ${n}.txt`, content }
    const { id } = (await api.upload(form)).json()
    contents.set(id, content)
    return id
  }
  for (let n = 0; n < uploads; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, k) => upload(n + k, 10)))
  }
  // More than lies inline, and more than one line of content.
  await upload(300, 70_000)
  await upload(301, 150_000)
  await upload(302, 0x18000)
  const [one = '', two = '', erased = ''] = [...contents.keys()]
  const deleted = [one, two]
  for (const id of deleted) await api.delete(id)
  await api.call('POST', `/v1/files/${erased}/erase`)
  for (const id of [...deleted, erased]) contents.delete(id)
  const project = await server.createProject()
  const keys = `/v1/organization/projects/${project.id}/api_keys`
  await server.admin.call('DELETE', `${keys}/${project.keyId}`)

  const folder = temporaryFolder(t)
  const file = join(folder, 'log.ndjson')
  const { code, stdout, stderr } = await server.custody(
    'audit',
    'export',
    file,
    '--blobs',
  )
  if (code !== 0) throw new Error(stdout + stderr)
  const lines = linesOf(readFileSync(file, 'utf8'))
  const secret = 'Wilhelmine 2.txt'
  return { server, folder, file, lines, contents, deleted, erased, secret }
}

/**
 * The file of these lines, which may be no UTF-8, with the SHA-256 of its last line computed again, as whoever changes
 * an export on purpose does.
 */
export function resealed(lines: readonly (string | Buffer)[]): Buffer {
  const lineEnd = Buffer.from('\n')
  const before = lines.slice(0, -1).flatMap((line) => [Buffer.from(line), lineEnd])
  const body = Buffer.concat(before)
  const { end } = JSON.parse(String(lines.at(-1)))
  const sha256 = createHash('sha256').update(body).digest('hex')
  return Buffer.concat([body, Buffer.from(`${canonical({ end: { ...end, sha256 } })}\n`)])
}

export async function verifyText(
  text: string | Buffer,
  options: Partial<VerifyExportOptions> = {},
): Promise<ExportReport> {
  async function* chunks() {
    yield Buffer.from(text)
  }
  return await verifyExport({ chunks: chunks(), driver: 'node', ...options })
}

/** Runs a command that needs no data folder. */
export const command = (folder: string, ...args: readonly string[]) =>
  custody(args, { dataDir: join(folder, 'none') })

/** Whether the key of a finding, which may be a range, is that of a position or includes it. */
export function covers(key: string, position: number): boolean {
  const [from, to] = key.split(' ')[0]?.split('..').map(Number) ?? []
  return (
    from === position ||
    (from !== undefined && to !== undefined && from <= position && position <= to)
  )
}
