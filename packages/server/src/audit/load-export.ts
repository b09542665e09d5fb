import { isUtf8 } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { CustodyError, quote } from '@custody/domain'
import {
  type EventRecord,
  type Findings,
  isCanonical,
  type LogLoader,
  statement,
} from '@custody/event-log'
import { endsStream, listPromisedExtents } from '@custody/file-index'
import { EXPORT_FORMAT, EXPORT_VERSION } from '@custody/service'
import { type ExportLine, exportLines } from './export-lines.ts'
import { erasures, keys } from './verify-data-folder.ts'

/** Lines that one transaction takes at the most, and their bytes. */
const LINES = 512
const BYTES = 2 * 1024 * 1024

/** Epochs whose keys are looked at: one begins when somebody restores a log. */
const MAX_KEYS = 100

/** What the first line of an export says. */
export type ExportHeader = {
  readonly logId: string
  /** Of the checkpoints. */
  readonly origin: string
  /** Events of the first checkpoint. What is erased by later ones may be there, or may not. */
  readonly events: number
  /** Whether the content of live files is in it. */
  readonly blobs: boolean
}

/** What the last line says. */
export type ExportEnd = {
  readonly events: number
  readonly root: string
  /** The signed note. */
  readonly checkpoint: string
}

export type LoadedExport = {
  readonly header: ExportHeader
  /** Undefined: the file was cut short. */
  readonly end: ExportEnd | undefined
  /** Keys (C2SP vkeys) that the log names, the newest first. */
  readonly vkeys: readonly string[]
}

/** Takes the contents of an export, one after the other. */
export interface ContentSink {
  begin(extent: string, bytes: number): void
  write(chunk: Buffer): Promise<void>
  /** The bytes are all there. */
  end(): Promise<void>
  /** They are not, and no more will come; or it is not wanted any more. */
  discard(): Promise<void>
  /** Forgets contents that had ended: their bytes were destroyed while the export was written. */
  remove(extents: readonly string[]): Promise<void>
}

/** Looks at contents, and keeps none. */
export const noContentSink: ContentSink = {
  begin() {},
  async write() {},
  async end() {},
  async discard() {},
  async remove() {},
}

export type LoadExportOptions = {
  readonly loader: LogLoader
  readonly contents: ContentSink
  readonly findings: Findings
  /** Lines so far. */
  readonly onProgress?: (lines: number) => void
  readonly signal?: AbortSignal
}

/**
 * Reads an export to its end into the tables of a new database, and tells what is wrong with its lines; what they say
 * is for the verification of that database. Nothing is held in memory but some lines.
 *
 * @throws CustodyError `invalid_export` for what is no export, or one of a newer version
 */
export async function loadExport(
  chunks: AsyncIterable<Uint8Array>,
  options: LoadExportOptions,
): Promise<LoadedExport> {
  const { loader, onProgress, signal } = options
  const lines = exportLines(chunks)
  const first = await lines.next()
  const header = readHeader(first.done ? undefined : first.value)
  await loader.sql.exec(CONTENTS_TABLE)
  const reader = createReader(header, options)
  for await (const batch of inBatches(lines)) {
    signal?.throwIfAborted()
    await loader.transaction(async () => {
      for (const line of batch) await reader.take(line)
    })
    onProgress?.(batch.at(-1)?.number ?? 0)
  }
  await reader.finish()
  const { end, vkeys } = reader
  return { header, end, vkeys }
}

async function* inBatches(
  lines: AsyncIterable<ExportLine>,
): AsyncGenerator<ExportLine[]> {
  let batch: ExportLine[] = []
  let bytes = 0
  for await (const line of lines) {
    // Asked for now: the digest grows with the next line.
    const isEnd = line.bytes.subarray(0, END.length).equals(END)
    const digest = isEnd ? line.digestBefore() : ''
    batch.push(isEnd ? { ...line, digestBefore: () => digest } : line)
    bytes += line.bytes.length
    if (batch.length < LINES && bytes < BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

const END = Buffer.from('{"end":')

/** @throws CustodyError `invalid_export` */
function readHeader(line: ExportLine | undefined): ExportHeader {
  const refuse = (problem: string) =>
    new CustodyError('invalid_export', `This is no export of a log: ${problem}.`)
  if (!line) throw refuse('it is empty')
  const found = parseLine(line)
  if (typeof found === 'string') throw refuse(`its first line ${found}`)
  const [kind, value] = found
  const { format, version, log_id: logId, origin, events, blobs } = Object(value)
  if (kind !== 'export' || format !== EXPORT_FORMAT) {
    throw refuse(`its first line does not name the format ${quote(EXPORT_FORMAT)}`)
  }
  if (version !== EXPORT_VERSION) {
    throw refuse(
      `its version is ${quote(String(version))}, and this is read: ${EXPORT_VERSION}`,
    )
  }
  const isOne =
    Object.keys(Object(value)).length === 6 &&
    typeof logId === 'string' &&
    typeof origin === 'string' &&
    Number.isSafeInteger(events) &&
    typeof blobs === 'boolean'
  if (isOne) return { logId, origin, events, blobs }
  throw refuse('its first line has other members than log_id, origin, events and blobs')
}

/** The one member of the line, or what is wrong. */
function parseLine(line: ExportLine): [kind: string, value: unknown] | string {
  const { bytes, isWhole, isBounded } = line
  if (!isBounded) return 'is longer than any line of an export'
  if (!isWhole) return 'is cut short'
  if (!isUtf8(bytes)) return 'is no UTF-8'
  const text = bytes.toString()
  const data = DATA.exec(text)?.[1]
  if (data !== undefined) return ['data', data]
  if (!isCanonical(text)) return 'is no canonical JSON (RFC 8785)'
  const entries = Object.entries(Object(JSON.parse(text)))
  const [only] = entries
  if (only && entries.length === 1 && text.startsWith('{')) return only
  return 'is no object of one member'
}

/** Content: most of what is read, and canonical by its form. */
const DATA = /^\{"data":"([A-Za-z0-9+/]*={0,2})"\}$/

type Content = {
  readonly line: number
  readonly extent: string
  readonly bytes: number
  readonly hash: Hash
  taken: number
}

/** Takes the lines after the first, one after the other. */
function createReader(
  header: ExportHeader,
  { loader, contents, findings }: LoadExportOptions,
) {
  const { sql } = loader
  let lastEvent = 0
  let lastBatch = 0
  let lastTile: readonly [number, number] = [-1, -1]
  let content: Content | undefined
  let end: ExportEnd | undefined
  let vkeys: readonly string[] = []
  let count = 0

  const tell = (line: number | string, problem: string) =>
    findings.add({
      table: 'export',
      key: typeof line === 'number' ? `line ${line}` : line,
      problem,
    })

  async function closeContent(): Promise<void> {
    if (!content) return
    const { line, extent, bytes, hash, taken } = content
    content = undefined
    if (taken !== bytes) {
      tell(line, `begins a content of ${bytes} bytes, and ${taken} follow`)
      await contents.discard()
      return
    }
    await contents.end()
    const row = { extent, bytes, sha256: hash.digest('hex') }
    const changed = await sql.run(insertContent, row)
    if (changed === 0)
      tell(line, `begins the content of ${extent}, which stands before, too`)
    count += 1
  }

  async function takeEvent(number: number, value: unknown): Promise<void> {
    const record = await loader.event(value)
    if (typeof record === 'string') {
      tell(number, record)
      return
    }
    const { position } = record
    if (position !== lastEvent + 1) {
      tell(number, `has event ${position}, where event ${lastEvent + 1} is due`)
    }
    lastEvent = position
    if (keys.types.includes(record.type)) {
      const key = keys.of(record.data)
      if (key) vkeys = [key.vkey, ...vkeys.slice(0, MAX_KEYS - 1)]
    }
    if (position > header.events) await forget(record)
  }

  /** What was written down, and erased or destroyed before the export was at its end. */
  async function forget({ position, type, data }: EventRecord): Promise<void> {
    if (erasures.types.includes(type)) {
      for (const one of erasures.of(data) ?? []) {
        const { position: at, group } = Object(one)
        if (Number.isSafeInteger(at) && at < position && typeof group === 'string') {
          await loader.removePrivate(at, group)
        }
      }
    } else if (type !== 'ContentDestroyed') return
    const { extents } = Object(data)
    if (!Array.isArray(extents)) return
    const ids = extents.filter((id) => typeof id === 'string')
    for (const extent of ids) await sql.run(removeContent, { extent })
    await contents.remove(ids)
  }

  async function takeBatch(number: number, value: unknown): Promise<void> {
    const problem = await loader.batch(value)
    if (problem !== undefined) return tell(number, problem)
    const { position } = Object(value)
    if (position !== lastEvent || position <= lastBatch) {
      tell(number, `has batch ${position}, which does not end at event ${lastEvent}`)
    }
    lastBatch = position
  }

  async function takeTile(number: number, value: unknown): Promise<void> {
    const problem = await loader.tile(value)
    if (problem !== undefined) return tell(number, problem)
    const { level, index } = Object(value)
    const [lastLevel, lastIndex] = lastTile
    if (level < lastLevel || (level === lastLevel && index <= lastIndex)) {
      tell(
        number,
        `has tile ${level}/${index}, which does not follow ${lastLevel}/${lastIndex}`,
      )
    }
    lastTile = [level, index]
  }

  function takeContent(number: number, value: unknown): void {
    const { extent, bytes } = Object(value)
    const isOne = Object.keys(Object(value)).length === 2 && Number.isSafeInteger(bytes)
    if (!isOne || !EXTENT.test(String(extent)) || bytes < 0) {
      tell(number, 'begins a content, and does not say which')
      return
    }
    content = { line: number, extent, bytes, hash: createHash('sha256'), taken: 0 }
    contents.begin(extent, bytes)
  }

  async function takeData(number: number, value: unknown): Promise<void> {
    if (!content) return tell(number, 'is of no content')
    const text = String(value)
    const bytes = Buffer.from(text, 'base64')
    if (bytes.toString('base64') !== text) return tell(number, 'is no base64')
    content.taken += bytes.length
    // What is too much is told at its end, and taken by nobody.
    if (content.taken > content.bytes) return
    content.hash.update(bytes)
    await contents.write(bytes)
  }

  function takeEnd(line: ExportLine, value: unknown): void {
    const { events, root, checkpoint, sha256, contents: number } = Object(value)
    const isOne =
      Object.keys(Object(value)).length === 5 &&
      typeof root === 'string' &&
      typeof checkpoint === 'string'
    if (!isOne) {
      tell(line.number, 'is no end of an export')
      return
    }
    end = { events, root, checkpoint }
    if (header.events > lastEvent) {
      tell(
        1,
        `says that there are ${header.events} events, and the last one is ${lastEvent}`,
      )
    }
    if (events !== lastEvent) {
      tell(
        line.number,
        `says that there are ${events} events, and the last one is ${lastEvent}`,
      )
    }
    if (count > 0 && !header.blobs) {
      tell(
        line.number,
        'ends an export with contents, whose first line says that there are none',
      )
    }
    if (number !== count) {
      tell(line.number, `says that there are ${number} contents, and there are ${count}`)
    }
    // Mostly something else was told of the line that was changed, by then or by what comes.
    if (sha256 !== line.digestBefore()) {
      tell(
        line.number,
        'has another SHA-256 than the lines before it: one was changed, moved, added or removed',
      )
    }
  }

  return {
    get end() {
      return end
    },
    get vkeys() {
      return vkeys
    },
    async take(line: ExportLine): Promise<void> {
      const { number } = line
      if (end) return tell(number, 'stands after the end')
      const found = parseLine(line)
      if (typeof found === 'string') return tell(number, found)
      const [kind, value] = found
      if (kind === 'data') return await takeData(number, value)
      await closeContent()
      if (kind === 'event') await takeEvent(number, value)
      else if (kind === 'batch') await takeBatch(number, value)
      else if (kind === 'tile') await takeTile(number, value)
      else if (kind === 'content') takeContent(number, value)
      else if (kind === 'end') takeEnd(line, value)
      else tell(number, `is of no kind that an export has: ${quote(kind)}`)
    },
    async finish(): Promise<void> {
      await closeContent()
      if (!end)
        tell('', `is cut short: it has no last line, and ends after event ${lastEvent}`)
    },
  }
}

const EXTENT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Of the connection, in a file of SQLite's: what was read of contents. */
const CONTENTS_TABLE = `create temp table contents (
  extent text primary key,
  bytes integer not null,
  sha256 text not null,
  promised integer not null default 0
) strict, without rowid`

type ContentsTable = {
  contents: { extent: string; bytes: number; sha256: string; promised?: number }
}

const insertContent = statement<
  ContentsTable,
  { extent: string; bytes: number; sha256: string }
>()((db, p) =>
  db
    .insertInto('contents')
    .values({ extent: p('extent'), bytes: p('bytes'), sha256: p('sha256') })
    .onConflict((conflict) => conflict.doNothing()),
)

const removeContent = statement<ContentsTable, { extent: string }>()((db, p) =>
  db.deleteFrom('contents').where('extent', '=', p('extent')),
)

const findContent = statement<ContentsTable, { extent: string }>()((db, p) =>
  db.selectFrom('contents').selectAll().where('extent', '=', p('extent')),
)

const markContent = statement<ContentsTable, { extent: string }>()((db, p) =>
  db.updateTable('contents').set({ promised: 1 }).where('extent', '=', p('extent')),
)

const strayContents = statement<ContentsTable, { limit: number }>()((db, p) =>
  db
    .selectFrom('contents')
    .select('extent')
    .where('promised', '=', 0)
    .orderBy('extent')
    .limit(p('limit')),
)

export type ContentsReport = {
  /** Contents that are there, and are what their events say. */
  readonly extents: number
  readonly bytes: number
  /** Extents of live files, and of uploads under way, that are not in the export. */
  readonly absent: number
}

/**
 * Compares the contents that were read with what the events of the log promise.
 *
 * @param onAbsent is told each extent that is not there
 */
export async function checkContents(
  { sql, transaction }: Pick<LogLoader, 'sql' | 'transaction'>,
  header: ExportHeader,
  findings: Findings,
  onAbsent?: (extent: string) => Promise<void>,
): Promise<ContentsReport> {
  const tell = (key: string, problem: string) =>
    findings.add({ table: 'contents', key, problem })
  let extents = 0
  let bytes = 0
  let absent = 0
  await transaction(async () => {
    const all = { from: 1, to: Number.MAX_SAFE_INTEGER }
    for await (const promised of listPromisedExtents(sql, all)) {
      const { stream } = promised
      for (const extent of promised.extents) {
        const found = await sql.get(findContent, { extent: extent.id })
        if (!found) {
          if ((await endsStream(sql, stream)) !== undefined) continue
          absent += 1
          if (header.blobs) tell(extent.id, `the content of ${stream} is missing`)
          await onAbsent?.(extent.id)
          continue
        }
        if (!found.promised) await sql.run(markContent, { extent: extent.id })
        if (found.bytes !== extent.bytes || found.sha256 !== extent.sha256) {
          tell(extent.id, `the content is not the one that the event of ${stream} has`)
        } else if (!found.promised) {
          extents += 1
          bytes += extent.bytes
        }
      }
    }
    for (const { extent } of await sql.all(strayContents, { limit: 100 })) {
      tell(extent, 'a content that no event has')
    }
  })
  return { extents, bytes, absent }
}
