import { createHash, type Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { Algorithm, DigestReply, DigestRequest } from './digest-messages.ts'

const hashes = new Map<number, Map<Algorithm, Hash>>()

function reply(message: DigestReply): void {
  parentPort?.postMessage(message)
}

parentPort?.on('message', (request: DigestRequest) => {
  const { id } = request
  if (request.kind === 'open') {
    hashes.set(id, new Map(request.algorithms.map((name) => [name, createHash(name)])))
    return
  }
  const open = hashes.get(id)
  if (!open) return
  if (request.kind === 'update') {
    for (const hash of open.values()) hash.update(request.bytes)
    reply({ kind: 'taken', id, bytes: request.bytes.length })
    return
  }
  hashes.delete(id)
  if (request.kind === 'end') {
    const digests = [...open].map(([name, hash]) => [name, hash.digest('hex')])
    reply({ kind: 'digests', id, digests: Object.fromEntries(digests) })
  }
})
