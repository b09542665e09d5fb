import { CustodyError, quote } from '@custody/domain/errors'

/** A File object of whatever server; only its id is sure. */
export type FileObject = Readonly<Record<string, unknown>> & { readonly id: string }

/** @throws CustodyError `request_refused` for what is none */
export function asFileObject(value: unknown): FileObject {
  if (isFileObject(value)) return value
  throw new CustodyError(
    'request_refused',
    `The server's answer is no File object: ${quote(value ?? 'nothing')}.`,
  )
}

export function isFileObject(value: unknown): value is FileObject {
  return isObject(value) && typeof value.id === 'string' && value.id !== ''
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * `/files/{id}`, whatever the id holds.
 *
 * @throws CustodyError for what would make it another path
 */
export function filePath(id: string): string {
  if (id !== '' && id !== '.' && id !== '..') return `/files/${encodeURIComponent(id)}`
  throw new CustodyError('invalid_value', `${quote(id)} is no id of a file.`)
}
