import { createHash } from 'node:crypto'
import { type BlobReader, isSealedFormat } from '@custody/blob-store'
import { CustodyError, type Extent, quote } from '@custody/domain'
import { type Finding, type LogTables, type Sql, statement } from '@custody/event-log'
import {
  type ExtentRow,
  endsStream,
  findExtent,
  findUpload,
  findWrappedKey,
  isGarbage,
  listAllExtents,
  listPromisedExtents,
  listStoredFiles,
  type PromisedExtents,
} from '@custody/file-index'
import { type KeyRing, openExtent } from '@custody/service'

const PAGE = 500

const ALL = { from: 1, to: Number.MAX_SAFE_INTEGER }

/** Extents that are looked for at once among the events, where some are of no file. */
const WINDOW = 100_000

/** An object that no event promises yet may belong to an upload under way, for so long. */
const UNDER_WAY_MS = 3_600_000

const restores = statement<LogTables>()((db) =>
  db
    .selectFrom('events')
    .select(['position', 'record'])
    .where('type', '=', 'LogRestored')
    .orderBy('position', 'desc'),
)

export type BlobsReport = {
  /** Extents whose bytes were read and are right. */
  readonly extents: number
  readonly bytes: number
  /** Sealed extents that could not be opened: there is no master key here. */
  readonly unread: number
  /** Extents that were not imported with the log. */
  readonly absent: number
  readonly findings: readonly Finding[]
  /** Objects that no event promises, and that an upload may have just stored. */
  readonly young: readonly string[]
  /** Files that the log says are damaged: up to 1,000, as plain UUIDs. */
  readonly marked: readonly string[]
}

export type VerifyBlobsOptions = {
  /** The log, where the tables of projections mean the live ones. */
  readonly sql: Sql
  readonly blobs: BlobReader
  /** Opens what is sealed; undefined: it is passed over, and counted. */
  readonly keys: KeyRing | undefined
  /** Whether a server may be storing content now. */
  readonly isServed: boolean
  /** Unix milliseconds. */
  readonly now: number
  readonly onProgress?: (extents: number, bytes: number) => void
  readonly signal?: AbortSignal
}

/**
 * Compares the content of every file with the digests that its event commits to: the bytes of each extent that
 * is live, inline or on disk, and the rows of `extents` and the stored objects that belong to no file. What an ended
 * file left to be destroyed may be gone already.
 */
export async function verifyBlobs(options: VerifyBlobsOptions): Promise<BlobsReport> {
  const { sql, signal } = options
  const findings: Finding[] = []
  let extents = 0
  let bytes = 0
  let unread = 0
  let absent = 0
  const imported = await importedAt(sql)

  for await (const upload of uploadsOf(sql, signal)) {
    for (const extent of upload.extents) {
      const problem = await checkExtent(options, upload, extent)
      if (problem === UNREAD) unread += 1
      else if (problem === ABSENT && upload.position < imported) absent += 1
      else if (problem === ABSENT) {
        const what = 'is none that is known: the log was not imported after the upload'
        findings.push(finding(extent.id, 'place', what))
      } else if (problem) findings.push(problem)
      else {
        extents += 1
        bytes += extent.bytes
      }
      options.onProgress?.(extents, bytes)
    }
  }
  findings.push(...(await strayRows(options)))
  const stray = await strayObjects(options)
  return {
    extents,
    bytes,
    unread,
    absent,
    findings: [...findings, ...stray.findings],
    young: stray.young,
    marked: await markedFiles(sql),
  }
}

/** What was found damaged before, by a read or a scrub, and not whole since. */
async function markedFiles(sql: Sql): Promise<string[]> {
  const page = { after: 0, limit: MAX_MARKED, onlyDamaged: true }
  return (await listStoredFiles(sql, page)).map(({ id }) => id)
}

/** Every upload whose content was not erased, in the order of the log. */
async function* uploadsOf(
  sql: Sql,
  signal: AbortSignal | undefined,
): AsyncGenerator<PromisedExtents> {
  for await (const upload of listPromisedExtents(sql, ALL)) {
    signal?.throwIfAborted()
    const [part] = upload.extents
    if (upload.isPart && part && (await isOfFile(sql, upload.stream, part))) continue
    yield upload
  }
}

/** Position of the event that says that the log was imported; 0: it was not. */
async function importedAt(sql: Sql): Promise<number> {
  for (const { position, record } of await sql.all(restores, {})) {
    try {
      if (JSON.parse(record).data.reason === 'import') return position
    } catch {
      // Told by the verification of the log.
    }
  }
  return 0
}

/** Whether the upload was completed with the part: then the file is what has it. */
async function isOfFile(sql: Sql, upload: string, { id }: Extent): Promise<boolean> {
  const ended = (await findUpload(sql, upload))?.ended
  return ended?.status === 'completed' && ended.parts.includes(id)
}

const finding = (key: string, column: string | undefined, problem: string): Finding => ({
  table: 'extents',
  key,
  ...(column !== undefined && { column }),
  problem,
})

/** What is wrong with an extent of a file, or of an upload that is not complete, if anything. */
async function checkExtent(
  options: VerifyBlobsOptions,
  { stream, isPart }: PromisedExtents,
  extent: Extent,
): Promise<Finding | typeof UNREAD | typeof ABSENT | undefined> {
  const { sql } = options
  const { id } = extent
  const whose = `${isPart ? 'upload' : 'file'} ${stream}`
  const row = await findExtent(sql, id)
  const ended = await hasEnded(sql, stream)
  const garbage = ended && (await isGarbage(sql, id))
  if (!row) {
    if (ended && !garbage) return undefined
    return finding(id, undefined, `the content of ${whose} is missing`)
  }
  if (ended && !garbage && (await findExtent(sql, id))) {
    return finding(id, undefined, `is of ${whose}, whose content was destroyed`)
  }
  if (row.place === 'absent') return ABSENT
  const wrong = await compare(options, row, extent)
  if (wrong === UNREAD || !wrong) return wrong
  // What a server destroyed while it was read, and what is waiting for it.
  const isGone = wrong.isMissing && (garbage || (await hasEnded(sql, stream)))
  return isGone ? undefined : finding(id, wrong.column, `${wrong.problem} (${whose})`)
}

async function hasEnded(sql: Sql, stream: string): Promise<boolean> {
  return (await endsStream(sql, stream)) !== undefined
}

const MAX_MARKED = 1000

/** Nothing is known to be wrong with it, nor that it is right. */
const UNREAD = 'unread'

/** It was not imported with the log. */
const ABSENT = 'absent'

type Wrong = {
  readonly column: string
  readonly problem: string
  /** The bytes are not there at all. */
  readonly isMissing?: boolean
}

async function compare(
  options: VerifyBlobsOptions,
  row: ExtentRow,
  extent: Extent,
): Promise<Wrong | typeof UNREAD | undefined> {
  const { blobs, signal } = options
  const { id, bytes, sha256 } = extent
  if (isSealedFormat(row.format)) return await compareSealed(options, row, extent)
  if (row.format !== 'plain')
    return { column: 'format', problem: 'is none that is known' }
  if (row.stored_bytes !== bytes) {
    return { column: 'stored_bytes', problem: `is not ${bytes}, which the event has` }
  }
  const hash = createHash('sha256')
  if (row.place === 'inline') {
    if (!row.content) return { column: 'content', problem: 'is missing' }
    if (row.content.length !== bytes) {
      const problem = `has ${row.content.length} bytes, and by the event ${bytes}`
      return { column: 'content', problem }
    }
    hash.update(row.content)
  } else if (row.place === 'disk') {
    if (row.content)
      return { column: 'content', problem: 'is there, beside that on disk' }
    try {
      const range = { start: 0, end: bytes, ...(signal && { signal }) }
      for await (const chunk of blobs.read(id, range)) hash.update(chunk)
    } catch (error) {
      if (!(error instanceof CustodyError) || error.key !== 'content_damaged') throw error
      return { column: 'place', problem: error.message, isMissing: true }
    }
  } else return { column: 'place', problem: 'is none that is known' }
  if (hash.digest('hex') === sha256) return undefined
  const column = row.place === 'inline' ? 'content' : 'place'
  return { column, problem: 'the stored bytes have not the SHA-256 that the event has' }
}

/** What seals it says itself whether it is whole; the digest says whether it is the right one. */
async function compareSealed(
  { sql, blobs, keys, signal }: VerifyBlobsOptions,
  row: ExtentRow,
  extent: Extent,
): Promise<Wrong | typeof UNREAD | undefined> {
  const { content, stored_bytes } = row
  const column = row.place === 'inline' ? 'content' : 'place'
  if (row.place === 'inline') {
    if (!content) return { column, problem: 'is missing' }
    if (content.length !== stored_bytes) {
      const problem = `is not ${content.length}, which the content has`
      return { column: 'stored_bytes', problem }
    }
  } else if (row.place !== 'disk') {
    return { column, problem: 'is none that is known' }
  } else if (content) {
    return { column: 'content', problem: 'is there, beside that on disk' }
  }
  // It goes before the bytes do.
  if (!(await findWrappedKey(sql, extent.id))) {
    return { column: 'format', problem: 'is sealed, and has no key', isMissing: true }
  }
  if (!keys) return UNREAD
  const hash = createHash('sha256')
  try {
    const opened = await openExtent({ sql, blobs, keys }, row, extent)
    if (opened.inline) hash.update(opened.inline)
    else {
      const options = signal ? { signal } : {}
      for await (const chunk of opened.read(0, extent.bytes, options)) hash.update(chunk)
    }
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    if (error.key !== 'content_damaged' && error.key !== 'master_key_missing') throw error
    return { column, problem: error.message, isMissing: row.place === 'disk' }
  }
  if (hash.digest('hex') === extent.sha256) return undefined
  return { column, problem: 'the stored bytes have not the SHA-256 that the event has' }
}

/** Rows of `extents` that no upload has. A window of them is held at a time, and looked for among all uploads. */
async function strayRows(options: VerifyBlobsOptions): Promise<Finding[]> {
  const { sql, signal } = options
  const findings: Finding[] = []
  for (let after = ''; ; ) {
    const window = new Set<string>()
    while (window.size < WINDOW) {
      const page = await listAllExtents(sql, { after, limit: PAGE })
      for (const id of page) window.add(id)
      after = page.at(-1) ?? after
      if (page.length < PAGE) break
    }
    const isLast = window.size < WINDOW
    // Twice: a part that is of a file by now may have been passed over, and the file have come after the last page.
    for (let pass = 0; pass < 2 && window.size > 0; pass += 1) {
      for await (const { extents } of uploadsOf(sql, signal)) {
        for (const { id } of extents) window.delete(id)
      }
    }
    for (const id of window) {
      // Unless it went meanwhile, or is about to: what was erased is in no event before its bytes are gone.
      if ((await isGarbage(sql, id)) || !(await findExtent(sql, id))) continue
      findings.push(finding(id, undefined, 'an extent that no event has'))
    }
    if (isLast) return findings
  }
}

/** Objects on disk that no row has, or whose length is another. */
async function strayObjects({ sql, blobs, isServed, now, signal }: VerifyBlobsOptions) {
  const findings: Finding[] = []
  const young: string[] = []
  for await (const { extentId, bytes } of blobs.list(signal ? { signal } : {})) {
    const row = await findExtent(sql, extentId)
    if (row?.place === 'disk') {
      if (row.stored_bytes === bytes) continue
      const problem = `the object has ${bytes} bytes, and by its row ${row.stored_bytes}`
      findings.push(finding(extentId, 'stored_bytes', problem))
    } else if (isServed && now - madeAt(extentId) < UNDER_WAY_MS) young.push(extentId)
    else {
      const table = 'blobs'
      const problem = 'an object that no event promises'
      findings.push({ ...finding(extentId, undefined, problem), table })
    }
  }
  for await (const path of blobs.strays()) {
    signal?.throwIfAborted()
    const problem = 'nothing that is stored is kept there, or has such a name'
    findings.push({ ...finding(quote(path), undefined, problem), table: 'blobs' })
  }
  return { findings, young }
}

/** Unix milliseconds, as a UUIDv7 tells them; of another UUID, long ago. */
function madeAt(extentId: string): number {
  if (extentId[14] !== '7') return 0
  return Number.parseInt(extentId.slice(0, 8) + extentId.slice(9, 13), 16)
}
