import { createHash, type Hash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import {
  type FileHandle,
  link,
  lstat,
  open,
  realpath,
  rename,
  rm,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import { syncFolder } from '../../data-folder/data-folder.ts'
import type { ApiConnection } from '../connection/api-connection.ts'
import { isObject } from '../file-object.ts'
import type { Tracker } from '../progress.ts'
import type { SavedWork } from '../saved-work.ts'
import {
  type ContentFacts,
  type ContentSink,
  type Received,
  receiveContent,
} from './receive-content.ts'

export type GetToFile = {
  readonly id: string
  readonly path: string
  /** As a person would type it. */
  readonly shown: string
  readonly range?: string
  /** Whether a file that is there may be replaced. */
  readonly force: boolean
  readonly saved: SavedWork
  readonly tracker: Tracker
  expect(bytes: number): void
}

/**
 * Gets a content into a file, which is there under its name when it is whole, has the digest that the server says,
 * and is on the disk. What came of it before an interruption waits beside it, in a file with a name of its own.
 *
 * @throws CustodyError
 */
export async function getToFile(api: ApiConnection, get: GetToFile): Promise<Received> {
  const { shown, force, saved } = get
  const path = await freePath(get.path, shown, force)
  const partial = join(dirname(path), `.custody-${saved.name.slice(0, 16)}.part`)
  for (let isAnew = false; ; isAnew = true) {
    const former = isAnew ? undefined : await readFormer(partial, saved.load())
    const handle = await openPartial(partial, shown, former?.bytes ?? 0)
    let isDone = false
    try {
      const sink = fileSink(handle, get, former)
      const received = await receiveContent(api, get.id, sink, get.range)
      await handle.sync()
      await handle.close()
      await publish(partial, path, shown, force)
      isDone = true
      return received
    } catch (error) {
      const isWrong = error instanceof CustodyError && error.key === 'digest_mismatch'
      // Somebody may have changed what came before
      if (isWrong && former) {
        get.tracker.restart()
        continue
      }
      if (isWrong || !saved.isKept || !isResumable(error, api.signal)) isDone = true
      throw error
    } finally {
      await handle.close().catch(() => {})
      if (isDone) {
        await rm(partial, { force: true })
        saved.forget()
      }
    }
  }
}

function isResumable(error: unknown, signal: AbortSignal): boolean {
  return (
    signal.aborted ||
    (error instanceof CustodyError && error.key === 'server_unreachable')
  )
}

type Former = {
  readonly facts: ContentFacts
  readonly bytes: number
  readonly hash: Hash
}

/** What came before an interruption, where both it and what the server said of it are there. */
async function readFormer(partial: string, saved: unknown): Promise<Former | undefined> {
  if (!isObject(saved)) return undefined
  const { etag, sha256, start, end } = saved
  if (typeof etag !== 'string' || typeof start !== 'number' || typeof end !== 'number') {
    return undefined
  }
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(partial, { highWaterMark: 2 ** 20 })) {
      hash.update(chunk)
      bytes += chunk.length
    }
  } catch {
    return undefined
  }
  if (bytes === 0 || start + bytes > end) return undefined
  const facts = { etag, start, end, ...(typeof sha256 === 'string' && { sha256 }) }
  return { facts, bytes, hash }
}

function fileSink(
  handle: FileHandle,
  { saved, tracker, shown, expect }: GetToFile,
  former: Former | undefined,
): ContentSink {
  let position = former?.bytes ?? 0
  if (former) {
    expect(former.facts.end - former.facts.start)
    tracker.skip('content', former.bytes)
  }
  let isExpected = former !== undefined
  return {
    ...(former && { former }),
    begin(facts) {
      saved.save(facts)
      if (!isExpected && Number.isFinite(facts.end)) expect(facts.end - facts.start)
      isExpected = true
    },
    async write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await handle
          .write(chunk, at, chunk.length - at, position)
          .catch((error: unknown) => {
            throw unwritable(shown, error)
          })
        at += bytesWritten
        position += bytesWritten
      }
    },
    async restart() {
      await handle.truncate(0)
      position = 0
      tracker.restart()
    },
    progress: (bytes) => tracker.move('content', bytes),
  }
}

async function openPartial(
  partial: string,
  shown: string,
  keep: number,
): Promise<FileHandle> {
  try {
    const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
    const flags = keep > 0 ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC
    return await open(partial, flags | O_NOFOLLOW, 0o666)
  } catch (error) {
    throw unwritable(shown, error)
  }
}

/** Where the file goes: what a link names, where that may be replaced. A device or a pipe never is. */
async function freePath(path: string, shown: string, force: boolean): Promise<string> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return path
  const target = await realpath(path).catch(() => undefined)
  const behind = target === undefined ? undefined : await lstat(target)
  if (behind?.isDirectory()) {
    throw new CustodyError('invalid_value', `${quote(shown)} is a folder.`)
  }
  if (target === undefined || !behind?.isFile()) {
    throw new CustodyError(
      'invalid_value',
      `${quote(shown)} is there, and is no file that can be replaced; - is standard output.`,
    )
  }
  if (!force) throw alreadyThere(shown)
  return target
}

/** Gives the file its name. One that appeared meanwhile is not replaced by accident. */
async function publish(
  partial: string,
  path: string,
  shown: string,
  force: boolean,
): Promise<void> {
  try {
    if (force) await rename(partial, path)
    else await linkOrRename(partial, path, shown)
  } catch (error) {
    throw error instanceof CustodyError ? error : unwritable(shown, error)
  }
  try {
    syncFolder(dirname(path))
  } catch {
    // Not every file system has folders that can be synced
  }
}

async function linkOrRename(partial: string, path: string, shown: string): Promise<void> {
  try {
    await link(partial, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw alreadyThere(shown)
    // A file system without hard links
    await freePath(path, shown, false)
    await rename(partial, path)
  }
}

function alreadyThere(shown: string): CustodyError {
  return new CustodyError(
    'invalid_value',
    `${quote(basename(shown))} is there already: --force replaces it.`,
  )
}

function unwritable(shown: string, cause: unknown): CustodyError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CustodyError(
    'invalid_value',
    `${quote(shown)} cannot be written: ${reason}`,
    {
      cause,
    },
  )
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? error.code : undefined
