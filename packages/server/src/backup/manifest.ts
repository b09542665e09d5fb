import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import { syncFolder } from '../data-folder/data-folder.ts'

/** Its name in a folder. Written last, under this name when it is whole: without it, nothing there is a backup. */
export const MANIFEST = 'manifest.sha256'

/** A write may take less than it was given. */
function writeAll(file: number, text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    rest = rest.subarray(writeSync(file, rest))
  }
}

/** What the manifest is of, as its first line says. */
export type ManifestKind = 'custody-backup 1' | 'custody-keys 1'

/** A file of the backup. */
export type Piece = {
  /** From the folder of the manifest, with `/`. */
  readonly path: string
  /** 64 hex digits: of the bytes of the file. */
  readonly sha256: string
}

/** What should be a piece, and is not there. */
export type Absent = {
  readonly absent: string
  /** One word. */
  readonly why: string
}

/** Lines that are begun, written and ended in this order. */
export interface ManifestWriter {
  add(entry: Piece | Absent): void
  /** Makes it the manifest of the folder; what was that before is not there any more. @param facts any JSON */
  finish(facts: object): void
  /** Leaves the former manifest as it is; does nothing when it is finished. */
  abandon(): void
}

const BLOCK = 64 * 1024
const LINE_END = 0x0a

/** Room for the last line, and for the facts before it. */
const MAX_LINE = 64 * 1024

/**
 * Writes a manifest: lines as `sha256sum` writes them, and comments that `sha256sum --check` passes over. The last line
 * has the SHA-256 of all before it.
 */
export function writeManifest(folder: string, kind: ManifestKind): ManifestWriter {
  const path = join(folder, MANIFEST)
  const draft = `${path}.draft`
  const file = openSync(draft, 'w', 0o600)
  const hash = createHash('sha256')
  let waiting = ''
  let isFinished = false
  const flush = () => {
    hash.update(waiting)
    writeAll(file, waiting)
    waiting = ''
  }
  const line = (text: string) => {
    waiting += `${text}\n`
    if (waiting.length >= BLOCK) flush()
  }
  line(`# ${kind}`)
  return {
    add: (entry) =>
      line(
        'path' in entry
          ? `${entry.sha256}  ${entry.path}`
          : `# absent ${entry.absent} ${entry.why}`,
      ),
    finish(facts) {
      line(`# ${JSON.stringify(facts)}`)
      flush()
      writeAll(file, `# end ${hash.digest('hex')}\n`)
      fsyncSync(file)
      closeSync(file)
      isFinished = true
      renameSync(draft, path)
      syncFolder(dirname(path))
    },
    abandon() {
      if (!isFinished) closeSync(file)
    },
  }
}

/** A manifest that is whole. */
export type Manifest = {
  /** What its writer said of the backup. */
  readonly facts: unknown
  /** In the order of the file. */
  entries(): Iterable<Piece | Absent>
}

/**
 * Reads the manifest of a folder, and its own SHA-256 first; the pieces come one by one, whatever their number.
 *
 * @returns undefined where the folder has none
 * @throws CustodyError `backup_damaged` where it is not what was written
 */
export function readManifest(folder: string, kind: ManifestKind): Manifest | undefined {
  const path = join(folder, MANIFEST)
  const damaged = (how: string) =>
    new CustodyError('backup_damaged', `${quote(path)} is damaged: ${how}.`)
  const hash = createHash('sha256')
  let first: string | undefined
  let facts: string | undefined
  let end: string | undefined
  try {
    for (const line of linesOf(path)) {
      if (end !== undefined) {
        hash.update(`${end}\n`)
        facts = end
      }
      first ??= line
      end = line
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined
    }
    if (error instanceof RangeError) throw damaged(error.message)
    throw error
  }
  if (end !== `# end ${hash.digest('hex')}`) {
    throw damaged('its last line is not the SHA-256 of the lines before it')
  }
  if (first !== `# ${kind}`) {
    throw new CustodyError(
      'backup_unusable',
      `${quote(path)} begins with ${quote(first ?? '')}, and not with "# ${kind}": it is of something else, or of a newer version of Custody.`,
    )
  }
  return {
    facts: JSON.parse(facts?.slice(2) ?? ''),
    *entries() {
      for (const line of linesOf(path)) {
        const piece = /^([0-9a-f]{64}) {2}(.+)$/.exec(line)
        const absent = /^# absent (\S+) (\S+)$/.exec(line)
        if (piece?.[1] && piece[2]) yield { sha256: piece[1], path: piece[2] }
        else if (absent?.[1] && absent[2]) yield { absent: absent[1], why: absent[2] }
        else if (!line.startsWith('# ')) throw damaged(`${quote(line)} is no line of it`)
      }
    },
  }
}

/** Lines of a text file, without their ends. @throws RangeError for one that is too long, or has no end */
function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r')
  try {
    const block = Buffer.alloc(BLOCK)
    let rest = Buffer.alloc(0)
    for (;;) {
      const count = readSync(file, block, 0, BLOCK, null)
      if (count === 0) break
      rest = Buffer.concat([rest, block.subarray(0, count)])
      let start = 0
      for (let at = rest.indexOf(LINE_END); at >= 0; at = rest.indexOf(LINE_END, start)) {
        yield rest.subarray(start, at).toString()
        start = at + 1
      }
      rest = rest.subarray(start)
      if (rest.length > MAX_LINE) throw new RangeError('a line of it is too long')
    }
    if (rest.length > 0) throw new RangeError('its last line is cut short')
  } finally {
    closeSync(file)
  }
}
