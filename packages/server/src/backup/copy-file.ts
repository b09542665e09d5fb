import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { CustodyError, quote } from '@custody/domain'

/** Bytes of one read, and of memory for each file under way. */
const BLOCK = 1024 * 1024

/** A file as it was read. */
export type Copied = {
  /** 64 hex digits. */
  readonly sha256: string
  readonly bytes: number
}

export type CopyOptions = {
  /** Bytes to copy from its start. Default: all that there are. */
  readonly bytes?: number
  readonly signal?: AbortSignal
}

/**
 * Copies a file (0600) under a name that nothing has yet, or that is to be replaced. After a power cut `to` is the whole
 * file, once the folder was synced; before, it is not there under that name, or is what it was.
 *
 * @throws CustodyError `insufficient_storage`; any other error of the file system as it is
 */
export async function copyFile(
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<Copied> {
  const part = `${to}.part`
  const source = await open(from, 'r')
  try {
    const target = await open(part, 'w', 0o600)
    let copied: Copied
    try {
      copied = await pump(source, options, (block) => target.writeFile(block))
      await target.sync()
    } finally {
      await target.close()
    }
    await rename(part, to)
    return copied
  } catch (error) {
    await rm(part, { force: true })
    throw asStorageError(error, to)
  } finally {
    await source.close()
  }
}

/** Reads a whole file for its SHA-256. */
export async function hashFile(path: string, options: CopyOptions = {}): Promise<Copied> {
  const file = await open(path, 'r')
  try {
    return await pump(file, options, async () => {})
  } finally {
    await file.close()
  }
}

/** After a power cut all bytes of the file are there. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function pump(
  source: FileHandle,
  { bytes: most = Number.MAX_SAFE_INTEGER, signal }: CopyOptions,
  write: (block: Uint8Array) => Promise<unknown>,
): Promise<Copied> {
  const hash = createHash('sha256')
  const block = Buffer.allocUnsafe(BLOCK)
  let bytes = 0
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await source.read(block, 0, Math.min(BLOCK, most - bytes))
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes }
    bytes += bytesRead
    hash.update(block.subarray(0, bytesRead))
    await write(block.subarray(0, bytesRead))
  }
}

const outOfSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** SQLite's own code: https://sqlite.org/rescode.html#full */
const SQLITE_FULL = 13

/** @param path where something was being read or written */
export function asStorageError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof CustodyError) return error
  const isFull =
    ('code' in error && outOfSpace.has(String(error.code))) ||
    ('errcode' in error && error.errcode === SQLITE_FULL)
  if (isFull) {
    return new CustodyError(
      'insufficient_storage',
      `The disk is full: ${quote(path)} could not be written.`,
      { cause: error },
    )
  }
  if (!('syscall' in error)) return error
  return new CustodyError('backup_unusable', `A file cannot be used: ${error.message}.`, {
    cause: error,
  })
}
