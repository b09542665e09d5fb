import { createHash, type Hash } from 'node:crypto'
import { quote } from '@custody/domain'
import type { EventRecord, Findings, LogLoader } from '@custody/event-log'
import { erasures, keys } from '../verify-data-folder.ts'
import type { ContentSink } from './content-sink.ts'
import { insertContent, removeContent } from './contents-table.ts'
import type { ExportHeader } from './export-header.ts'
import type { ExportLine } from './export-lines.ts'
import { parseLine } from './parse-line.ts'

/** Epochs whose keys are looked at: one begins when somebody restores a log. */
const MAX_KEYS = 100

const EXTENT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What the last line says. */
export type ExportEnd = {
  readonly events: number
  readonly root: string
  /** The signed note. */
  readonly checkpoint: string
}

type Content = {
  readonly line: number
  readonly extent: string
  readonly bytes: number
  readonly hash: Hash
  taken: number
}

/** What the lines of an export are read into. */
export type ExportReaderOptions = {
  readonly loader: LogLoader
  readonly contents: ContentSink
  readonly findings: Findings
}

/** Takes the lines after the first, one after the other. */
export function createExportReader(
  header: ExportHeader,
  { loader, contents, findings }: ExportReaderOptions,
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
