import { createHash, type Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { ContentSealer } from '../sealed/content-sealer.ts'
import { collectYoung } from '../threads/collect-young.ts'
import { copyInto } from '../threads/copy-into.ts'
import type { SealReply, SealRequest } from './seal-messages.ts'

type Job = { readonly sealer: ContentSealer; readonly hash: Hash }

const jobs = new Map<number, Job>()

const sealed = collectYoung()

function reply(message: SealReply): void {
  parentPort?.postMessage(message)
}

/** Returns how many bytes there are. */
function put(
  pieces: readonly Uint8Array[],
  { buffer, byteOffset, length }: Uint8Array<SharedArrayBuffer>,
): number {
  const memory = Buffer.from(buffer, byteOffset, length)
  let at = 0
  for (const piece of pieces) {
    copyInto(memory, piece, at)
    at += piece.length
  }
  return at
}

function handle(request: SealRequest): void {
  const { id } = request
  if (request.kind === 'open') {
    jobs.set(id, { sealer: new ContentSealer(request), hash: createHash('sha256') })
    return
  }
  if (request.kind === 'cancel') {
    jobs.delete(id)
    return
  }
  const job = jobs.get(id)
  // It failed, and the reply is on its way.
  if (job === undefined) return
  const { sealer, hash } = job
  if (request.kind === 'push') {
    const content = new Uint8Array(request.memory, 0, request.bytes)
    hash.update(content)
    const storedBytes = put(sealer.push(content), request.output)
    sealed(request.bytes)
    reply({ kind: 'pushed', id, storedBytes, format: sealer.format })
    return
  }
  jobs.delete(id)
  const storedBytes = put(sealer.end(), request.output)
  const sha256 = hash.digest('hex')
  reply({ kind: 'ended', id, storedBytes, format: sealer.format, sha256 })
}

parentPort?.on('message', (request: SealRequest) => {
  try {
    handle(request)
  } catch (error) {
    jobs.delete(request.id)
    reply({ kind: 'failed', id: request.id, message: String(error) })
  }
})
