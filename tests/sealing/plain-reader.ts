import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { zstdDecompressSync } from 'node:zlib'

/** Unpacks one file of zstd, whatever frames it is of. */
export type Unzstd = (compressed: Uint8Array) => Uint8Array

/**
 * The content of a file, read from a data folder in which no server runs. It was written from `docs/formats.md` alone,
 * and shares no line with what wrote the folder.
 *
 * @param file The file's id, 32 hex digits.
 * @throws Error where that cannot be
 */
export function readFileOf(
  dataDir: string,
  database: DatabaseSync,
  file: string,
  unzstd: Unzstd = zstdDecompressSync,
): Buffer {
  const { body } = row(
    database,
    `select body from event_private where grp = 'content' and position =
       (select position from events where stream = ? and type = 'FileUploaded')`,
    uuid(file),
  )
  const content = JSON.parse(String(body)) as {
    sha256: string
    extents: { id: string; bytes: number; sha256: string }[]
  }
  const parts = content.extents.map((extent) => {
    const bytes = readExtent(dataDir, database, extent.id, unzstd)
    check(bytes.length === extent.bytes, 'the length of an extent')
    check(sha256(bytes) === extent.sha256, 'the SHA-256 of an extent')
    return bytes
  })
  const whole = Buffer.concat(parts)
  check(sha256(whole) === content.sha256, 'the SHA-256 of the file')
  return whole
}

function readExtent(
  dataDir: string,
  database: DatabaseSync,
  id: string,
  unzstd: Unzstd,
): Uint8Array {
  const extent = row(database, 'select * from extents where id = ?', id)
  const stored =
    extent.place === 'inline'
      ? bytesOf(extent.content)
      : readFileSync(join(dataDir, 'blobs', id.slice(-2), id))
  check(stored.length === extent.stored_bytes, 'the stored length')
  const format = String(extent.format)
  if (format === 'plain') return stored
  const key = dataKeyOf(dataDir, database, id)
  const opened = format.startsWith('sealed-box')
    ? openBox(key, stored)
    : openStream(key, stored)
  return format.endsWith('+zstd') ? unzstd(opened) : opened
}

function dataKeyOf(dataDir: string, database: DatabaseSync, extent: string): Buffer {
  const { kek, wrapped } = row(
    database,
    'select kek, wrapped from wrapped_keys where extent = ?',
    extent,
  )
  const masterKeys = readFileSync(join(dataDir, 'secrets', 'master-key'), 'utf8')
    .split(/[\s,]+/)
    .filter((text) => text !== '')
    .map((text) => Buffer.from(text, 'base64'))
  const master = masterKeys.find((key) => {
    const fingerprint = createHmac('sha256', key)
      .update('custody master key fingerprint')
      .digest('hex')
    return kek === `mk_${fingerprint.slice(0, 16)}`
  })
  if (!master) throw new Error(`no master key ${kek}`)
  const bytes = bytesOf(wrapped)
  check(bytes.length === 60, 'the length of a wrapped key')
  return openGcm(master, bytes.subarray(0, 12), bytes.subarray(12), extent)
}

const openBox = (key: Uint8Array, stored: Uint8Array): Buffer =>
  openGcm(key, Buffer.alloc(12), stored)

function openStream(dataKey: Uint8Array, stored: Uint8Array): Buffer {
  check(stored[0] === 40, 'the length of the header')
  const salt = stored.subarray(1, 33)
  const prefix = stored.subarray(33, 40)
  // HKDF (RFC 5869), of which one block is enough; the associated data is empty.
  const secret = createHmac('sha256', salt).update(dataKey).digest()
  const key = createHmac('sha256', secret).update(Buffer.of(1)).digest()
  const segment = 1_048_576
  const parts: Buffer[] = []
  for (let number = 0, start = 40; start < stored.length; number += 1) {
    const end = Math.min((number + 1) * segment, stored.length)
    const tail = Buffer.alloc(5)
    tail.writeUInt32BE(number)
    tail[4] = end === stored.length ? 1 : 0
    parts.push(openGcm(key, Buffer.concat([prefix, tail]), stored.subarray(start, end)))
    start = end
  }
  return Buffer.concat(parts)
}

function openGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associatedData = '',
): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(Buffer.from(associatedData))
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

function row(database: DatabaseSync, query: string, parameter: string) {
  const found = database.prepare(query).get(parameter)
  if (!found) throw new Error(`no row: ${query} of ${parameter}`)
  return found
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('no bytes')
}

const uuid = (hex: string) =>
  hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not right: ${what}`)
}
