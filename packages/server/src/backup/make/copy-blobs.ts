import { link, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogReader, openSqliteLogReader } from '@custody/event-log'
import { findExtent, isGarbage, projections, storedExtents } from '@custody/file-index'
import {
  type DataFolder,
  makePrivateFolder,
  syncFolder,
} from '../../data-folder/data-folder.ts'
import { type Backup, BLOBS, type BlobEntry, blobPath } from '../backup-folder.ts'
import { type Copied, copyFile, hashFile } from '../copy-file.ts'
import { inOrder } from '../in-order.ts'
import type { Absent, ManifestWriter, Piece } from '../manifest.ts'
import type { BackupOptions } from './backup-options.ts'
import type { BackupReport } from './backup-report.ts'
import { hasCode, sizeOf } from './size-of.ts'

/** Files that are copied at once, of a buffer each. */
const AT_ONCE = 4

/** Ids of lost extents that a report names. */
const MAX_NAMED = 100

type Content = Pick<BackupReport, 'blobs' | 'copied' | 'kept' | 'lost'>

type Sources = {
  /** Of the snapshot. */
  readonly reader: LogReader
  readonly former: Backup | undefined
  readonly manifest: ManifestWriter
}

/** Brings all content that the snapshot names into the backup, and writes it down. */
export async function copyBlobs(
  options: BackupOptions,
  sources: Sources,
): Promise<Content> {
  const { folder, onProgress } = options
  const { manifest } = sources
  const touched = new Set<string>()
  const lost: string[] = []
  const all = { count: 0, bytes: 0 }
  const copied = { count: 0, bytes: 0 }
  let kept = 0
  let lostCount = 0
  const brought = inOrder(wantedBlobs(sources), { atOnce: AT_ONCE }, (blob) => {
    const fanOut = join(folder, BLOBS, blob.extent.slice(-2))
    if (!touched.has(fanOut)) makePrivateFolder(fanOut)
    touched.add(fanOut)
    return bring(options, blob)
  })
  for await (const { entry, bytes, how } of brought) {
    manifest.add(entry)
    if ('absent' in entry) {
      if (how === 'lost') {
        lostCount += 1
        if (lost.length < MAX_NAMED) lost.push(entry.absent)
      }
      continue
    }
    all.count += 1
    all.bytes += bytes
    if (how === 'kept') kept += 1
    else {
      copied.count += 1
      copied.bytes += bytes
    }
    onProgress?.(`${all.count} pieces of content, ${copied.count} copied`)
  }
  for (const fanOut of touched) syncFolder(fanOut)
  return { blobs: all, copied, kept, lost: { count: lostCount, extents: lost } }
}

type WantedBlob = {
  readonly extent: string
  /** As stored. */
  readonly bytes: number
  /** What the former backup says of it. */
  readonly sha256: string | undefined
  /** It waits to be destroyed. */
  readonly isGarbage: boolean
}

async function* wantedBlobs({ reader, former }: Sources): AsyncGenerator<WantedBlob> {
  const known = hashesInOrder(former?.blobs() ?? [])
  for await (const { id: extent, stored_bytes: bytes } of storedExtents(reader)) {
    const sha256 = known(extent)
    yield { extent, bytes, sha256, isGarbage: await isGarbage(reader.sql, extent) }
  }
}

/** Asked for ids in their order, which the entries have too. */
function hashesInOrder(
  entries: Iterable<BlobEntry>,
): (extent: string) => string | undefined {
  const iterator = entries[Symbol.iterator]()
  let next = iterator.next()
  return (extent) => {
    for (; !next.done; next = iterator.next()) {
      const entry = next.value
      const id = 'absent' in entry ? entry.absent : entry.extent
      if (id > extent) return undefined
      if (id === extent) return 'absent' in entry ? undefined : entry.sha256
    }
    return undefined
  }
}

type Brought = {
  readonly entry: Piece | Absent
  readonly bytes: number
  readonly how: 'kept' | 'copied' | 'destroyed' | 'lost'
}

async function bring(
  { data, folder, link: asLink }: BackupOptions,
  { extent, bytes, sha256, isGarbage: isOver }: WantedBlob,
): Promise<Brought> {
  const absent = (how: 'destroyed' | 'lost') =>
    ({ entry: { absent: extent, why: how }, bytes, how }) as const
  if (isOver) return absent('destroyed')
  const path = blobPath(extent)
  const target = join(folder, path)
  if ((await sizeOf(target)) === bytes) {
    // Under this name it is whole: it was synced before. Who copied it may not have come to write its hash down.
    const known = sha256 ?? (await hashFile(target)).sha256
    return { entry: { path, sha256: known }, bytes, how: 'kept' }
  }
  const source = join(data.path, path)
  const isThere = (await sizeOf(source)) === bytes
  const copied = isThere && (await copyBlob(source, target, asLink))
  if (!copied) return absent((await isDestroyed(data, extent)) ? 'destroyed' : 'lost')
  return { entry: { path, sha256: copied.sha256 }, bytes, how: 'copied' }
}

/** Undefined where an erasure, which waits for nobody, was quicker. */
async function copyBlob(
  source: string,
  target: string,
  asLink: boolean,
): Promise<Copied | undefined> {
  try {
    if (!asLink) return await copyFile(source, target)
    const part = `${target}.part`
    await rm(part, { force: true })
    await link(source, part)
    await rename(part, target)
    return await hashFile(target)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    const cannotLink = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].some((code) =>
      hasCode(error, code),
    )
    if (asLink && cannotLink) return await copyBlob(source, target, false)
    throw error
  }
}

/** Whether the content went because its file was erased, after the snapshot. */
async function isDestroyed(data: DataFolder, extent: string): Promise<boolean> {
  const path = data.database
  const reader = await openSqliteLogReader({ path, driver: 'node', projections })
  try {
    const { sql } = reader
    return !(await findExtent(sql, extent)) || (await isGarbage(sql, extent))
  } finally {
    await reader.close()
  }
}
