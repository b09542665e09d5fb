import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import type { Line, LinesOptions, PluginFile } from './define-plugin.ts'
import { eachLine } from './each-line.ts'
import { FileReadError } from './file-read-error.ts'

/** Where a file's bytes come from. */
export interface ByteSource {
  /** Bytes in all, or `NaN` while that is not known yet. */
  readonly size: number
  /**
   * The bytes from `start` (inclusive) to `end` (exclusive); fewer only where the source ends.
   * A source that answers at once may use the returned memory again for its next answer; memory behind a
   * promise is the reader's.
   */
  read(start: number, end: number): Uint8Array | Promise<Uint8Array>
}

export type PluginFileOptions = {
  /** The file name as the client sent it. */
  readonly name: string
  readonly purpose: string
  /** Reads fail with its reason once it is aborted. */
  readonly signal: AbortSignal
  /** Told the number of bytes after every read: a file that is being read is not stuck. */
  readonly progress?: (bytes: number) => void
}

/** Bytes that are read at once. Strings up to this length stay out of V8's slow large-object space. */
const CHUNK = 64 * 1024
const MAX_HEAD = 1024 * 1024
const MAX_LINE = 32 * 1024 * 1024
const LF = 10
const CR = 13

/** A plugin's view of the bytes of `source`. */
export function createPluginFile(
  source: ByteSource,
  options: PluginFileOptions,
): PluginFile {
  return new SourceFile(source, options)
}

class SourceFile implements PluginFile {
  readonly #source: ByteSource
  readonly #options: PluginFileOptions

  constructor(source: ByteSource, options: PluginFileOptions) {
    this.#source = source
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get size(): number {
    return this.#source.size
  }

  get purpose(): string {
    return this.#options.purpose
  }

  get extension(): string {
    return /.(\.[^.]+)$/.exec(this.#options.name)?.[1]?.toLowerCase() ?? ''
  }

  get signal(): AbortSignal {
    return this.#options.signal
  }

  async head(n: number): Promise<Uint8Array> {
    if (!Number.isInteger(n) || n < 0 || n > MAX_HEAD) {
      throw new RangeError(`head(${n}): the bound is an integer from 0 to ${MAX_HEAD}`)
    }
    return this.#own(this.#read(0, n))
  }

  async *bytes(start = 0, end = Number.POSITIVE_INFINITY): AsyncIterable<Uint8Array> {
    if (!isOffset(start) || !(isOffset(end) || end === Number.POSITIVE_INFINITY)) {
      throw new RangeError(`bytes(${start}, ${end}): offsets are integers from 0`)
    }
    for (let position = start; position < end; position += CHUNK) {
      const wanted = Math.min(CHUNK, end - position)
      const chunk = await this.#own(this.#read(position, position + wanted))
      if (chunk.length > 0) yield chunk
      if (chunk.length < wanted) return
    }
  }

  lines(options?: LinesOptions): AsyncIterable<Line> {
    return eachLine(this.lineBatches(options))
  }

  async *lineBatches({
    maxBytes = MAX_LINE,
  }: LinesOptions = {}): AsyncIterable<readonly Line[]> {
    if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > MAX_LINE) {
      throw new RangeError(
        `lines({ maxBytes: ${maxBytes} }): the bound is an integer from 1 to ${MAX_LINE}`,
      )
    }
    let position = 0
    let wanted = CHUNK
    let lineNumber = 1
    for (;;) {
      const answer = this.#read(position, position + wanted)
      const chunk = asBuffer(answer instanceof Promise ? await answer : answer)
      const isLast = chunk.length < wanted
      const skip = position === 0 && hasByteOrderMark(chunk) ? 3 : 0
      const end = isLast ? chunk.length : chunk.lastIndexOf(LF) + 1
      if (end === 0 && !isLast) {
        // Not one whole line yet: the next read takes it from its start again, with twice the room.
        // A CR may be half a line end, so it does not count yet.
        if (chunk.length - skip > maxBytes + 1) throw tooLong(lineNumber, maxBytes)
        wanted = Math.min(wanted * 2, maxBytes + CHUNK)
        continue
      }
      const block = chunk.subarray(skip, end)
      const fault = faultOf(block, lineNumber, maxBytes)
      const lines = toLines(fault ? block.subarray(0, fault.start) : block, lineNumber)
      if (lines.length > 0) yield lines
      if (fault) throw fault.error
      if (isLast) return
      lineNumber += lines.length
      position += end
      // Long lines tend to come in company: shrinking by halves spares most of them a second read.
      wanted = Math.max(CHUNK, wanted >> 1)
    }
  }

  /** @throws the signal's reason */
  #read(start: number, end: number): Uint8Array | Promise<Uint8Array> {
    const { signal, progress } = this.#options
    signal.throwIfAborted()
    const answer = this.#source.read(start, end)
    if (progress === undefined) return answer
    if (!(answer instanceof Promise)) {
      progress(answer.length)
      return answer
    }
    return answer.then((chunk) => {
      progress(chunk.length)
      return chunk
    })
  }

  /** Plugins may keep and change what they get, so it must not be the source's own memory. */
  async #own(answer: Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    return answer instanceof Promise ? answer : new Uint8Array(answer)
  }
}

function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

/** Decodes a block of lines, known to be UTF-8, at once and slices it: a decode per line costs a third more. */
function toLines(block: Buffer, firstNumber: number): Line[] {
  const text = block.toString(isAscii(block) ? 'latin1' : 'utf8')
  const lines: Line[] = []
  let number = firstNumber
  let start = 0
  while (start < text.length) {
    const found = text.indexOf('\n', start)
    const lineEnd = found === -1 ? text.length : found
    const isCrLf = found > start && text.charCodeAt(found - 1) === CR
    lines.push({ number, text: text.slice(start, isCrLf ? lineEnd - 1 : lineEnd) })
    number += 1
    start = lineEnd + 1
  }
  return lines
}

/** The first line of a block that breaks a rule, and the offset where it starts. */
function faultOf(
  block: Buffer,
  firstNumber: number,
  maxBytes: number,
): { start: number; error: FileReadError } | undefined {
  if (block.length <= maxBytes && isUtf8(block)) return undefined
  let number = firstNumber
  for (let start = 0; start < block.length; number += 1) {
    const found = block.indexOf(LF, start)
    const end = found === -1 ? block.length : found
    const length = end - start - (found > start && block[found - 1] === CR ? 1 : 0)
    if (length > maxBytes) return { start, error: tooLong(number, maxBytes) }
    if (!isUtf8(block.subarray(start, end))) {
      const message = 'This line is not valid UTF-8.'
      return { start, error: new FileReadError('invalid_utf8', number, message) }
    }
    start = end + 1
  }
  return undefined
}

function tooLong(line: number, maxBytes: number): FileReadError {
  const message = `This line is longer than ${maxBytes} bytes.`
  return new FileReadError('line_too_long', line, message)
}
