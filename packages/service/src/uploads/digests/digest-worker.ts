import { createHash, type Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { collectYoung } from '@custody/blob-store/collect-young'
import {
  openStoredFile,
  type StoredFile,
  type StoredFilePlace,
} from '@custody/blob-store/stored-file'
import { CustodyError } from '@custody/domain/errors'
import type { Algorithm, DigestReply, DigestRequest } from './digest-messages.ts'

type Hashes = ReadonlyMap<Algorithm, Hash>

const open = new Map<number, Hashes>()
const marks = new Map<number, Hashes>()
const hashed = collectYoung()

function reply(message: DigestReply): void {
  parentPort?.postMessage(message)
}

function update(hashes: Hashes, bytes: Uint8Array): void {
  for (const hash of hashes.values()) hash.update(bytes)
  hashed(bytes.length)
}

const copies = (hashes: Hashes): Hashes =>
  new Map([...hashes].map(([name, hash]) => [name, hash.copy()]))

function forget(id: number): void {
  open.delete(id)
  marks.delete(id)
}

function fail(id: number, error: unknown): void {
  forget(id)
  const told =
    error instanceof CustodyError
      ? error
      : new CustodyError('internal_error', `The content could not be hashed: ${error}`)
  reply({ kind: 'failed', id, error: told.toData() })
}

function hashFile(id: number, hashes: Hashes, place: StoredFilePlace): void {
  const { bytes } = place
  let file: StoredFile | undefined
  let position = 0
  // A piece at a time: the messages that came meanwhile are handled before the next one.
  const step = () => {
    try {
      if (open.get(id) !== hashes) {
        file?.close()
        return
      }
      file ??= openStoredFile(place)
      if (position < bytes) {
        const part = file.readSome(position, bytes)
        update(hashes, part)
        position += part.length
        setImmediate(step)
        return
      }
      file.close()
      reply({ kind: 'taken', id, bytes })
    } catch (error) {
      file?.close()
      fail(id, error)
    }
  }
  step()
}

parentPort?.on('message', (request: DigestRequest) => {
  const { id } = request
  if (request.kind === 'open') {
    open.set(id, new Map(request.algorithms.map((name) => [name, createHash(name)])))
    return
  }
  const hashes = open.get(id)
  if (!hashes) return
  if (request.kind === 'file') return hashFile(id, hashes, request.place)
  if (request.kind === 'update') {
    update(hashes, request.bytes)
    reply({ kind: 'taken', id, bytes: request.bytes.length })
    return
  }
  if (request.kind === 'shared') {
    const { memory, bytes } = request
    for (const hash of hashes.values()) hash.update(new Uint8Array(memory, 0, bytes))
    reply({ kind: 'taken', id, bytes })
    return
  }
  if (request.kind === 'mark') {
    marks.set(id, copies(hashes))
    return
  }
  if (request.kind === 'undo') {
    open.set(id, copies(marks.get(id) ?? new Map()))
    return
  }
  forget(id)
  if (request.kind === 'end') {
    const digests = [...hashes].map(([name, hash]) => [name, hash.digest('hex')])
    reply({ kind: 'digests', id, digests: Object.fromEntries(digests) })
  }
})
