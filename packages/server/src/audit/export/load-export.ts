import { CONTENTS_TABLE } from './contents-table.ts'
import { type ExportHeader, readHeader } from './export-header.ts'
import { type ExportLine, exportLines } from './export-lines.ts'
import {
  createExportReader,
  type ExportEnd,
  type ExportReaderOptions,
} from './export-reader.ts'

/** Lines that one transaction takes at the most, and their bytes. */
const LINES = 512
const BYTES = 2 * 1024 * 1024

export type LoadedExport = {
  readonly header: ExportHeader
  /** Undefined: the file was cut short. */
  readonly end: ExportEnd | undefined
  /** Keys (C2SP vkeys) that the log names, the newest first. */
  readonly vkeys: readonly string[]
}

export type LoadExportOptions = ExportReaderOptions & {
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
  const reader = createExportReader(header, options)
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
