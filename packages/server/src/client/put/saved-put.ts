import { isObject } from '../file-object.ts'
import type { LocalFile } from './local-file.ts'

export type SentPart = {
  /** From 0. */
  readonly index: number
  readonly id: string
  readonly sha256: string
}

/** What is kept of a put in parts, so that it can be resumed. */
export type SavedPut = {
  readonly version: 1
  /** Of the file, as the put began. */
  readonly bytes: number
  readonly changed: string
  readonly partBytes: number
  readonly idempotencyKey: string
  /** Null until the server has answered. */
  readonly upload: string | null
  readonly parts: readonly SentPart[]
}

/** What was saved; undefined for anything else. */
export function parseSavedPut(value: unknown): SavedPut | undefined {
  if (!isObject(value) || value.version !== 1) return undefined
  const { bytes, changed, partBytes, idempotencyKey, upload, parts } = value
  if (typeof bytes !== 'number' || typeof changed !== 'string') return undefined
  if (!Number.isSafeInteger(partBytes) || Number(partBytes) < 1) return undefined
  if (typeof idempotencyKey !== 'string' || !Array.isArray(parts)) return undefined
  if (upload !== null && typeof upload !== 'string') return undefined
  const size = Number(partBytes)
  const count = Math.ceil(bytes / size)
  return {
    ...{ version: 1, bytes, changed, partBytes: size, idempotencyKey, upload },
    parts: parts.filter((part) => isSentPart(part, count)),
  }
}

function isSentPart(value: unknown, count: number): value is SentPart {
  return (
    isObject(value) &&
    typeof value.id === 'string' &&
    typeof value.sha256 === 'string' &&
    Number.isInteger(value.index) &&
    Number(value.index) >= 0 &&
    Number(value.index) < count
  )
}

export function isOfFile(saved: SavedPut, file: LocalFile): boolean {
  return saved.bytes === file.bytes && saved.changed === file.changed
}

/** The bytes of a part. */
export function regionOf(
  index: number,
  { bytes, partBytes }: Pick<SavedPut, 'bytes' | 'partBytes'>,
): { readonly start: number; readonly end: number } {
  const start = index * partBytes
  return { start, end: Math.min(start + partBytes, bytes) }
}
