import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CustodyError } from '@custody/domain'
import { type LogReader, readLogLines, readTileLines } from '@custody/event-log'
import {
  endsStream,
  findExtent,
  listPromisedExtents,
  type PromisedExtents,
} from '@custody/file-index'
import { canonicalJson, parseOrigin } from '@custody/transparency'
import { type ExtentStores, openExtent } from '../files/open-extent.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { checkpointOf } from '../transparency/checkpoint-of.ts'

/** What the first line of an export says of its form. See docs/formats.md. */
export const EXPORT_FORMAT = 'custody-export'
/** Version of the form, in the first line of an export. */
export const EXPORT_VERSION = 1

/** Bytes of content in one line: 64 KiB of base64. */
const CONTENT_BYTES = 48 * 1024

/** Files and parts that are looked at without a break: of those that have ended nothing is written. */
const AT_ONCE = 100

/** Text that is handed on at once, in UTF-16 units. */
const CHUNK = 64 * 1024

export type ExportOptions = {
  /** The content of live files, too, as it was uploaded. */
  readonly blobs: boolean
  readonly signal?: AbortSignal
}

/** The whole log as lines of JSON, in chunks that end anywhere. */
export type LogExport = (options: ExportOptions) => AsyncIterable<Buffer>

/**
 * Exports of a log that may be written meanwhile: up to a checkpoint that was signed when the export began. Where
 * something is erased or ends before it was read, the export goes on up to a checkpoint that covers the event which
 * says so.
 */
export function createLogExport(environment: {
  readonly reader: Pick<LogReader, 'sql' | 'head' | 'read'>
  readonly blobs: ExtentStores['blobs']
  readonly keys: KeyRing | undefined
  /** A signed checkpoint, of at least so many events where it can be had. */
  readonly checkpoint: (atLeast: number) => Promise<string>
}): LogExport {
  const { reader, blobs, keys } = environment

  return async function* exportLog({ blobs: withContent, signal }) {
    const out = lineWriter()
    /** Extents of parts that were pending when they were written: their file has them, too. */
    const pending = new Set<string>()
    let contents = 0
    let seen = 0
    let done = 0
    let checkpoint = await next(0)
    const { logId } = parseOrigin(checkpoint.origin)
    out.line({
      export: {
        format: EXPORT_FORMAT,
        version: EXPORT_VERSION,
        log_id: logId,
        origin: checkpoint.origin,
        events: checkpoint.size,
        blobs: withContent,
      },
    })
    for (;;) {
      const { size } = checkpoint
      let isTorn = false
      for await (const lines of readLogLines(
        reader.sql,
        { from: done + 1, to: size },
        signal,
      )) {
        for (const line of lines) out.text(line)
        yield* out.full()
      }
      if (withContent) {
        for await (const promised of listPromisedExtents(reader.sql, {
          from: done + 1,
          to: size,
        })) {
          seen += 1
          if (seen % AT_ONCE === 0) await nextTurn()
          if (await hasEnded(promised, size)) continue
          for (const extent of promised.extents) {
            if (promised.isPart) pending.add(extent.id)
            else if (pending.delete(extent.id)) continue
            signal?.throwIfAborted()
            const chunks = contentOf(extent, promised, signal)
            let chunk = await chunks.next()
            if (chunk.value === undefined) {
              isTorn = true
              continue
            }
            out.line({ content: { extent: extent.id, bytes: extent.bytes } })
            for (; !chunk.done; chunk = await chunks.next()) {
              out.line({ data: chunk.value.toString('base64') })
              yield* out.full()
            }
            contents += 1
          }
        }
      }
      done = size
      if (!isTorn && !(await erasesAfter(done))) break
      checkpoint = await next(done)
    }
    for await (const line of readTileLines(reader.sql, done, signal)) {
      out.text(line)
      yield* out.full()
    }
    const { root, note } = checkpoint
    const end = {
      events: done,
      contents,
      root: root.toString('base64'),
      checkpoint: note,
    }
    yield out.end(end)
  }

  /** @throws CustodyError `checkpoint_missing` where there is none that covers what came after */
  async function next(done: number) {
    const { position } = await reader.head()
    const found = checkpointOf(await environment.checkpoint(position))
    if (found.size > done && found.size <= position) return found
    throw new CustodyError(
      'checkpoint_missing',
      `The last checkpoint that was signed covers ${found.size} of ${position} events, and something was erased or has ended after it. ` +
        'An export needs a checkpoint that covers that: take it where the signing key of the log is.',
    )
  }

  async function hasEnded({ stream }: PromisedExtents, size: number): Promise<boolean> {
    const at = await endsStream(reader.sql, stream)
    return at !== undefined && at <= size
  }

  /** Whether private data of what was written down may have been erased while it was read. */
  async function erasesAfter(position: number): Promise<boolean> {
    const query = { from: position, types: ['PrivateDataErased'], limit: 1 }
    return (await reader.read(query)).length > 0
  }

  /**
   * Chunks of some 48 KiB; of an empty content, an empty one. Nothing where the content went in the meantime.
   * @throws CustodyError `content_damaged`
   */
  async function* contentOf(
    extent: PromisedExtents['extents'][number],
    { stream }: PromisedExtents,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer, undefined> {
    const { sql } = reader
    let written = 0
    try {
      const row = await findExtent(sql, extent.id)
      if (!row)
        throw new CustodyError('content_damaged', `its extent ${extent.id} is missing`)
      const opened = await openExtent({ sql, blobs, keys }, row, extent)
      const source = opened.inline
        ? [opened.inline]
        : opened.read(0, extent.bytes, signal ? { signal } : {})
      for await (const chunk of inPieces(source)) {
        written += chunk.length
        yield chunk
      }
      if (written === 0) yield Buffer.alloc(0)
    } catch (error) {
      if (!(error instanceof CustodyError) || error.key !== 'content_damaged') throw error
      const hasGone = written === 0 && (await endsStream(sql, stream)) !== undefined
      if (hasGone) return
      throw new CustodyError(
        'content_damaged',
        `The content of ${stream} cannot be exported: ${error.message}`,
        { cause: error },
      )
    }
  }
}

/** The same bytes in pieces of 48 KiB, but for the last. */
async function* inPieces(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    // What a source yields is its own again with the next chunk.
    rest = Buffer.concat([rest, chunk])
    let at = 0
    for (; rest.length - at >= CONTENT_BYTES; at += CONTENT_BYTES) {
      yield rest.subarray(at, at + CONTENT_BYTES)
    }
    rest = rest.subarray(at)
  }
  if (rest.length > 0) yield rest
}

/** Gathers lines, and hashes what goes out. */
function lineWriter() {
  const hash = createHash('sha256')
  let waiting = ''

  function take(): Buffer {
    const bytes = Buffer.from(waiting)
    waiting = ''
    return bytes
  }

  return {
    text(line: string): void {
      waiting += `${line}\n`
    },
    line(value: object): void {
      waiting += `${canonicalJson(value)}\n`
    },
    /** What is enough to be handed on. */
    *full(): Generator<Buffer> {
      if (waiting.length < CHUNK) return
      const bytes = take()
      hash.update(bytes)
      yield bytes
    },
    /** The last line, with the SHA-256 of all before it. */
    end(end: object): Buffer {
      const bytes = take()
      const sha256 = hash.update(bytes).digest('hex')
      return Buffer.concat([
        bytes,
        Buffer.from(`${canonicalJson({ end: { ...end, sha256 } })}\n`),
      ])
    },
  }
}
