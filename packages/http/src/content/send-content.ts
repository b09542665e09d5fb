import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FileContent } from '@custody/service'
import { abortWhenGone } from '../connections/abort-when-gone.ts'
import type { Transfer, TransferWatch } from '../connections/transfer-watch.ts'
import { written } from '../connections/written.ts'

export type ContentAnswer = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly content: FileContent
  /** First byte. */
  readonly start: number
  /** One past the last byte. */
  readonly end: number
  readonly watch: TransferWatch
  /** Called when the answer begins: what it is refused for comes before. */
  readonly begun?: () => void
}

const firstSlice = 16 * 1024

/**
 * Sends a content, or a part of it. Nothing is sent before the first bytes were read, so that a content that cannot
 * be read is still refused with a status; a failure after that breaks the connection.
 *
 * @throws CustodyError `content_damaged`
 */
export async function sendContent(
  response: ServerResponse,
  { status, headers, content, start, end, watch, begun }: ContentAnswer,
): Promise<void> {
  const { inline } = content
  if (inline !== undefined) {
    response.writeHead(status, headers)
    begun?.()
    response.end(inline.length === end - start ? inline : inline.subarray(start, end))
    return
  }
  const signal = abortWhenGone(response)
  const chunks = content.read(start, end, { signal, reuse: true })[Symbol.asyncIterator]()
  const transfer = {
    bytes: 0,
    waiting: false,
    idleMs: 0,
    cut: () => response.destroy(),
  }
  const unwatch = watch.watch(transfer)
  try {
    let chunk = await chunks.next()
    response.writeHead(status, headers)
    begun?.()
    while (!chunk.done && !response.destroyed) {
      await sendChunk(response, chunk.value, transfer)
      if (!response.destroyed) chunk = await chunks.next()
    }
    if (transfer.bytes !== end - start && !response.destroyed) {
      throw new Error(
        `A content gave ${transfer.bytes} bytes in place of ${end - start}.`,
      )
    }
    response.end()
  } finally {
    unwatch()
    await chunks.return?.()
  }
}

/**
 * Writes a chunk and waits until the client has taken it: its memory may serve again. To a client that was slow, in
 * slices: only when a slice is gone is it known that the client moves at all.
 */
export async function sendChunk(
  response: ServerResponse,
  chunk: Uint8Array,
  transfer: Transfer,
): Promise<void> {
  let slice = transfer.bytes === 0 || transfer.idleMs > 0 ? firstSlice : chunk.length
  for (let at = 0; at < chunk.length && !response.destroyed; ) {
    const part = chunk.subarray(at, at + slice)
    transfer.waiting = true
    await written(response, part)
    transfer.waiting = false
    slice = transfer.idleMs > 0 ? firstSlice : 2 * slice
    at += part.length
    transfer.bytes += part.length
  }
}
