import { createHash, type Hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { CustodyError, quote } from '@custody/domain/errors'
import { type ApiConnection, connectionError } from '../connection/api-connection.ts'
import { filePath } from '../file-object.ts'

/** What a server says of a content, so that the rest of it can be asked for. */
export type ContentFacts = {
  /** Strong, or it is not kept. */
  readonly etag?: string
  /** Lower-case hex, of the whole content. */
  readonly sha256?: string
  /** First byte that was asked for, and the one behind the last. */
  readonly start: number
  readonly end: number
}

/** Where content goes. */
export interface ContentSink {
  /** What it has from an earlier process, with the facts of that. */
  readonly former?: {
    readonly facts: ContentFacts
    readonly bytes: number
    readonly hash: Hash
  }
  /** Once for each beginning, before the first byte. */
  begin(facts: ContentFacts): void
  write(chunk: Uint8Array): Promise<void>
  /** Takes back what was written. @throws CustodyError where it cannot be */
  restart(): Promise<void>
  progress(bytes: number): void
}

export type Received = {
  readonly bytes: number
  /** Lower-case hex, of what was received. */
  readonly sha256: string
  /** Whether the server has said what it must be, and it is. */
  readonly isVerified: boolean
}

/**
 * Receives the content of a file, or a range of it. Where the connection breaks, the rest is asked for.
 *
 * @param range `0-99`, `100-` or `-100`
 * @throws CustodyError `digest_mismatch` where it is not what the server says it is
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.if-range
 */
export async function receiveContent(
  api: ApiConnection,
  id: string,
  sink: ContentSink,
  range?: string,
): Promise<Received> {
  let facts: ContentFacts | undefined = sink.former?.facts
  let bytes = sink.former?.bytes ?? 0
  let hash = sink.former?.hash ?? createHash('sha256')
  for (let attempt = 0; ; attempt++) {
    if (facts && facts.start + bytes >= facts.end) break
    const before = bytes
    try {
      const asked = bytes > 0 ? restOf(facts, bytes) : undefined
      const answer = await api.stream(`${filePath(id)}/content`, {
        accept: '*/*',
        ...(asked ?? (range !== undefined && { range: `bytes=${range}` })),
      })
      const next = factsOf(answer, asked !== undefined || range !== undefined)
      if (asked && facts && answer.statusCode === 206) {
        if (next.start !== facts.start + bytes || next.end !== facts.end) {
          answer.destroy()
          throw notAsAsked(`bytes ${next.start}-${next.end - 1}`)
        }
      } else {
        if (range !== undefined && answer.statusCode !== 206) {
          answer.destroy()
          throw new CustodyError(
            'request_refused',
            `${quote(api.server.base.origin)} sends the whole file where bytes ${range} are asked for.`,
          )
        }
        if (bytes > 0) await sink.restart()
        bytes = 0
        hash = createHash('sha256')
        facts = next
        sink.begin(facts)
      }
      for await (const chunk of whole(answer, api)) {
        await sink.write(chunk)
        hash.update(chunk)
        bytes += chunk.length
        sink.progress(bytes)
      }
      if (facts.end === Number.POSITIVE_INFINITY) break
      if (facts.start + bytes < facts.end) {
        throw connectionError(
          `The content ended after ${bytes} bytes in place of ${facts.end - facts.start}.`,
        )
      }
    } catch (error) {
      if (bytes > before) attempt = 0
      if (!(await api.backOff(attempt, error))) throw error
    }
  }
  const sha256 = hash.digest('hex')
  const expected = range === undefined ? facts?.sha256 : undefined
  if (expected !== undefined && sha256 !== expected) {
    throw new CustodyError(
      'digest_mismatch',
      `What came has the SHA-256 ${sha256}, and the server says that the content has ${expected}.`,
    )
  }
  return { bytes, sha256, isVerified: expected !== undefined }
}

/** Without an entity tag nothing says that the rest would be the rest of the same. */
function restOf(
  facts: ContentFacts | undefined,
  bytes: number,
): { range: string; 'if-range': string } | undefined {
  if (facts?.etag === undefined) return undefined
  const last = facts.end === Number.POSITIVE_INFINITY ? '' : facts.end - 1
  return { range: `bytes=${facts.start + bytes}-${last}`, 'if-range': facts.etag }
}

function factsOf(answer: IncomingMessage, mayBePart: boolean): ContentFacts {
  const { headers, statusCode } = answer
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    answer.destroy()
    throw new CustodyError(
      'request_refused',
      `The content comes in the encoding ${quote(encoding)}, which was not asked for.`,
    )
  }
  if (statusCode === 206) {
    const header = headers['content-range'] ?? ''
    const [, first, last] =
      /^bytes (\d{1,15})-(\d{1,15})\/(?:\d{1,15}|\*)$/.exec(header) ?? []
    if (!mayBePart || first === undefined || last === undefined) {
      answer.destroy()
      throw notAsAsked(header)
    }
    return { ...known(headers), start: Number(first), end: Number(last) + 1 }
  }
  const length = headers['content-length']
  const end = length === undefined ? Number.POSITIVE_INFINITY : Number(length)
  return { ...known(headers), start: 0, end }
}

function known(headers: IncomingHttpHeaders): Pick<ContentFacts, 'etag' | 'sha256'> {
  const { etag } = headers
  const digest = headers['repr-digest']
  const [, base64] =
    /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/i.exec(String(digest ?? '')) ?? []
  return {
    ...(etag !== undefined && !etag.startsWith('W/') && { etag }),
    ...(base64 !== undefined && {
      sha256: Buffer.from(base64, 'base64').toString('hex'),
    }),
  }
}

function notAsAsked(what: string): CustodyError {
  return new CustodyError(
    'request_refused',
    `The server sends another part of the content than was asked for: ${quote(what)}.`,
  )
}

/** What breaks while it is read is told as what a connection does. */
async function* whole(
  answer: IncomingMessage,
  { signal }: ApiConnection,
): AsyncIterable<Uint8Array> {
  const chunks = answer[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        if (signal.aborted) throw signal.reason
        const reason = error instanceof Error ? error.message : String(error)
        throw connectionError(`The connection broke: ${reason}`, error)
      })
      if (next.done) return
      yield next.value
    }
  } finally {
    answer.destroy()
  }
}
