import { createHash, randomUUID } from 'node:crypto'
import { CustodyError, quote } from '@custody/domain/errors'
import type {
  Authentication,
  FileContent,
  Files,
  FileView,
  Principal,
  Scope,
  UploadSession,
} from '@custody/service'

type Spool = ReturnType<UploadSession['spool']>
type Content = ReturnType<UploadSession['fromBuffer']>
type Stored = FileView & {
  readonly content: Buffer
  readonly project: string
  ended: boolean
}

/** Keys of the test projects. */
export const keys = {
  full: 'sk-test-full',
  readOnly: 'sk-test-read',
  writeOnly: 'sk-test-write',
  other: 'sk-test-other-project',
  admin: 'sk-admin-test',
}

const all: readonly Scope[] = ['api.files.read', 'api.files.write']

const principals: Readonly<Record<string, Principal>> = {
  [keys.full]: principal('default', all),
  [keys.readOnly]: principal('default', ['api.files.read']),
  [keys.writeOnly]: principal('default', ['api.files.write']),
  [keys.other]: principal('other', all),
}

export function authenticate(token: string): Authentication {
  if (token === keys.admin) return { kind: 'admin', actor: 'admin' }
  const found = principals[token]
  return found === undefined ? { kind: 'refused' } : { kind: 'project', principal: found }
}

function principal(project: string, scopes: readonly Scope[]): Principal {
  return {
    keyId: project,
    actor: `key:${project}`,
    scopes: new Set(scopes),
    project: { id: project, dialect: 'openai', limits: {} },
  }
}

/** The Files use cases over memory: what the HTTP layer sees of the service, without log, disk or plugins. */
export class MemoryFiles implements Files {
  readonly stored = new Map<string, Stored>()
  /** Uploads that began and were not closed. */
  openSessions = 0
  /** Most bytes of a file. */
  maxBytes = 64 * 2 ** 20
  /** Waits before each spool write, to make back-pressure. */
  beforeWrite: (() => Promise<void>) | undefined
  /** Waits before an upload is answered. */
  beforeUpload: (() => Promise<void>) | undefined
  /** Downloads come in chunks of so many bytes; content up to one chunk comes inline. */
  chunkBytes = 64 * 1024
  /** Called for each chunk that is read. */
  onRead: (() => void | Promise<void>) | undefined
  /** Bytes that were spooled so far. */
  spooledBytes = 0

  countUpload(): undefined {
    return undefined
  }

  async usage(): ReturnType<Files['usage']> {
    const none = { bytes: 0, files: 0, byPurpose: {} }
    return { ...none, reservedBytes: 0, quotaBytes: null }
  }

  beginUpload(
    _principal: Principal,
    { declaredBytes }: Parameters<Files['beginUpload']>[1],
  ): UploadSession {
    if (declaredBytes !== undefined && declaredBytes > this.maxBytes + 64 * 1024) {
      throw new CustodyError('file_too_large', 'The file is too large.', {
        param: 'file',
      })
    }
    this.openSessions += 1
    return {
      maxBytes: this.maxBytes,
      maxSetBy: 'this server',
      checkPurpose: requirePurpose,
      spool: () =>
        memorySpool((chunk) => {
          this.spooledBytes += chunk.length
          return this.beforeWrite?.()
        }),
      fromBuffer: (bytes) => contentOf([Buffer.from(bytes)]),
      close: async () => {
        this.openSessions -= 1
      },
    }
  }

  async upload(
    { project }: Principal,
    request: Parameters<Files['upload']>[1],
  ): ReturnType<Files['upload']> {
    await this.beforeUpload?.()
    const { content, expiresAfterSeconds } = request
    requirePurpose(request.purpose)
    const bytes = Buffer.from(content.inline ?? [])
    if (bytes.length === 0) throw new CustodyError('empty_file', 'The file is empty.')
    if (request.sha256 !== undefined && request.sha256 !== content.sha256) {
      throw new CustodyError('digest_mismatch', 'Other digest.', { param: 'sha256' })
    }
    const file: Stored = {
      id: randomUUID(),
      purpose: request.purpose,
      bytes: bytes.length,
      createdAt: 1_700_000_000,
      expiresAt: expiresAfterSeconds ? 1_700_000_000 + expiresAfterSeconds : null,
      filename: request.filename,
      metadata: request.metadata ?? null,
      classification: request.classification ?? null,
      complianceRegime: request.complianceRegime ?? null,
      status: 'processed',
      sha256: content.sha256,
      content: bytes,
      project: project.id,
      ended: false,
    }
    this.stored.set(file.id, file)
    return { ...file, position: String(this.stored.size) }
  }

  async validate(
    _principal: Principal,
    { purpose, content: { bytes, sha256 } }: Parameters<Files['validate']>[1],
  ): ReturnType<Files['validate']> {
    const valid = bytes > 0
    const issues = valid ? [] : [{ code: 'empty_file', message: 'The file is empty.' }]
    const issueCounts: Record<string, number> = valid ? {} : { empty_file: 1 }
    const none = { facts: {}, warnings: [] }
    return { purpose, bytes, sha256, valid, issues, issueCounts, ...none }
  }

  get({ project }: Principal, id: string, idAsSent: string): Stored {
    const file = this.stored.get(id)
    if (file === undefined || file.ended || file.project !== project.id) {
      throw new CustodyError('file_not_found', `No such File object: ${idAsSent}`, {
        param: 'id',
      })
    }
    return file
  }

  async list(
    { project }: Principal,
    query: Parameters<Files['list']>[1],
  ): ReturnType<Files['list']> {
    const own = [...this.stored.values()].filter((file) => file.project === project.id)
    if (query.order === 'desc') own.reverse()
    const from =
      query.after === undefined ? 0 : own.findIndex((f) => f.id === query.after) + 1
    if (query.after !== undefined && from === 0) {
      throw new CustodyError(
        'cursor_not_found',
        `No such File object: ${query.afterAsSent}`,
        {
          param: 'after',
        },
      )
    }
    const rest = own
      .slice(from)
      .filter(
        (f) => !f.ended && (query.purpose === undefined || f.purpose === query.purpose),
      )
    return { files: rest.slice(0, query.limit), hasMore: rest.length > query.limit }
  }

  async delete(
    principal: Principal,
    id: string,
    { idAsSent }: { idAsSent: string },
  ): ReturnType<Files['delete']> {
    this.get(principal, id, idAsSent).ended = true
    return { position: String(this.stored.size + 1) }
  }

  deleteMany: Files['deleteMany'] = async (
    { project },
    { purpose, createdBefore, dryRun },
  ) => {
    const found = [...this.stored.values()].filter(
      (file) =>
        file.project === project.id &&
        !file.ended &&
        file.purpose === purpose &&
        file.createdAt < createdBefore,
    )
    if (!dryRun) for (const file of found) file.ended = true
    return {
      dryRun,
      matched: found.length,
      deleted: dryRun ? 0 : found.length,
      held: 0,
      ids: found.map(({ id }) => id),
      hasMore: false,
    }
  }

  async content(
    principal: Principal,
    id: string,
    idAsSent: string,
  ): Promise<FileContent> {
    const file = this.get(principal, id, idAsSent)
    const { chunkBytes, onRead } = this
    return {
      file,
      inline: file.bytes <= chunkBytes ? file.content : undefined,
      read: async function* (start, end, { signal }) {
        for (let at = start; at < end; at += chunkBytes) {
          await onRead?.()
          signal.throwIfAborted()
          yield file.content.subarray(at, Math.min(at + chunkBytes, end))
        }
      },
    }
  }
}

/** A sink in memory. `onWrite` is told of each chunk, and its promise makes back-pressure. */
export function memorySpool(onWrite: (chunk: Uint8Array) => void | Promise<void>): Spool {
  const chunks: Buffer[] = []
  return {
    get bytes() {
      return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    },
    staged: undefined,
    write: (chunk) => {
      chunks.push(Buffer.from(chunk))
      return onWrite(chunk)
    },
    end: async () => contentOf(chunks),
    discard: async () => {},
  }
}

function contentOf(chunks: readonly Buffer[]): Content {
  const whole = Buffer.concat(chunks)
  return {
    bytes: whole.length,
    sha256: createHash('sha256').update(whole).digest('hex'),
    inline: whole,
    stored: { format: 'plain', bytes: whole.length, inline: whole },
    path: undefined,
    commit: async () => {},
    discard: async () => {},
  }
}

function requirePurpose(name: string): void {
  if (['batch', 'user_data'].includes(name)) return
  throw new CustodyError(
    'invalid_purpose',
    `${quote(name)} is not one of ['batch', 'user_data'] - 'purpose'`,
    { param: 'purpose' },
  )
}
