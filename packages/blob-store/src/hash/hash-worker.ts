import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { HashReply, HashRequest } from './hash-messages.ts'

/** How much of one file is hashed before it is the next one's turn: half a millisecond's work. */
const SLICE_BYTES = 1024 * 1024

type Job = {
  readonly id: number
  readonly fd: number
  readonly hash: Hash
  done: number
  to: number
  ended: boolean
}

const jobs = new Map<number, Job>()
const buffer = Buffer.allocUnsafeSlow(256 * 1024)
let scheduled = false

function reply(message: HashReply): void {
  parentPort?.postMessage(message)
}

function finish(job: Job, message: HashReply): void {
  jobs.delete(job.id)
  closeSync(job.fd)
  reply(message)
}

function hashSlice(job: Job): void {
  const end = Math.min(job.to, job.done + SLICE_BYTES)
  while (job.done < end) {
    const wanted = Math.min(buffer.length, end - job.done)
    const read = readSync(job.fd, buffer, 0, wanted, job.done)
    if (read === 0) {
      throw new Error(`the file ends at byte ${job.done} where ${job.to} were written`)
    }
    job.hash.update(buffer.subarray(0, read))
    job.done += read
  }
  if (job.ended && job.done === job.to) {
    finish(job, { kind: 'digest', id: job.id, sha256: job.hash.digest('hex') })
  }
}

function round(): void {
  scheduled = false
  for (const job of [...jobs.values()]) {
    try {
      hashSlice(job)
    } catch (error) {
      finish(job, { kind: 'failed', id: job.id, message: String(error) })
    }
  }
  schedule()
}

// A round at a time: the messages that came meanwhile are handled before the next one.
function schedule(): void {
  if (scheduled) return
  for (const job of jobs.values()) {
    if (job.done < job.to) {
      scheduled = true
      setImmediate(round)
      return
    }
  }
}

function open(id: number, path: string): void {
  try {
    const fd = openSync(path, 'r')
    jobs.set(id, { id, fd, hash: createHash('sha256'), done: 0, to: 0, ended: false })
  } catch (error) {
    reply({ kind: 'failed', id, message: String(error) })
  }
}

parentPort?.on('message', (request: HashRequest) => {
  if (request.kind === 'open') return open(request.id, request.path)
  const job = jobs.get(request.id)
  // It failed, and the reply is on its way.
  if (job === undefined) return
  if (request.kind === 'cancel') return finish(job, { kind: 'cancelled', id: job.id })
  job.to = request.to
  if (request.kind === 'end') {
    job.ended = true
    if (job.done === job.to) return hashSlice(job)
  }
  schedule()
})
