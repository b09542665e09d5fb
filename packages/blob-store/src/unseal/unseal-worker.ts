import { parentPort } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import { openStoredFile, type StoredFile } from '../disk/stored-file.ts'
import { collectYoung } from '../threads/collect-young.ts'
import { copyInto } from '../threads/copy-into.ts'
import type { UnsealReply, UnsealRequest } from './unseal-messages.ts'

type Opening = Extract<UnsealRequest, { kind: 'open' }>

type Read = {
  readonly opening: Opening
  /** Opened with the first `next`, so that there is somebody to be told why it cannot be. */
  file: StoredFile | undefined
  position: number
  /** Outputs that were filled. */
  filled: number
}

const reads = new Map<number, Read>()
const opened = collectYoung()

/** Fills the output whose turn it is. Returns how many bytes there are. */
function put(read: Read): number {
  const { opening, position } = read
  const { outputs } = opening
  const output = outputs[read.filled % outputs.length]
  if (output === undefined) throw new TypeError('A read has no output')
  read.file ??= openStoredFile(opening.place)
  const end = Math.min(opening.end, position + output.byteLength)
  const part = read.file.readSome(position, end)
  copyInto(Buffer.from(output), part, 0)
  read.position += part.length
  read.filled += 1
  opened(part.length)
  return part.length
}

function end(id: number): void {
  reads.get(id)?.file?.close()
  reads.delete(id)
}

function answer(read: Read): UnsealReply {
  const { id } = read.opening
  try {
    return { kind: 'opened', id, bytes: put(read) }
  } catch (error) {
    const told =
      error instanceof CustodyError
        ? error
        : new CustodyError('internal_error', `Stored content could not be read: ${error}`)
    return { kind: 'failed', id, error: told.toData() }
  }
}

parentPort?.on('message', (request: UnsealRequest) => {
  const { id } = request
  if (request.kind === 'open') {
    const { start: position } = request
    reads.set(id, { opening: request, file: undefined, position, filled: 0 })
    return
  }
  if (request.kind === 'close') return end(id)
  const read = reads.get(id)
  // It failed, and the reply is on its way.
  if (read === undefined) return
  const reply = answer(read)
  if (reply.kind === 'failed') end(id)
  parentPort?.postMessage(reply)
})
