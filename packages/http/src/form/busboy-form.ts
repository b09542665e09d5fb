import type { Readable } from 'node:stream'
import { type CustodyError, fileTooLarge } from '@custody/domain/errors'
import type { UploadSession } from '@custody/service'
import busboy from 'busboy'
import { checkDelimiters, type DelimiterCheck } from './check-delimiters.ts'
import { type Delimiter, delimiterOf } from './delimiter.ts'
import { fieldTooLarge, malformedForm } from './form-errors.ts'
import { formLimits } from './form-limits.ts'
import type { FormParts } from './form-parts.ts'

export type FormSpool = ReturnType<UploadSession['spool']>
export type FormContent = ReturnType<UploadSession['fromBuffer']>

export type BusboyFormOptions = {
  readonly contentType: string
  /** Where the content type has it in plain: the content of files is then looked through natively, and not by busboy. */
  readonly boundary: string | undefined
  readonly collector: FormParts
  /** Most bytes of the file, inclusive. */
  readonly maxFileBytes: number
  /** What sets that bound, in words. */
  readonly maxSetBy: string
  readonly openSpool: () => FormSpool
}

/** Heads of parts after which it is looked whether a file begins: beyond them all is busboy's. */
const MAX_HEADS = 1000

const endOfHead = Buffer.from('\r\n\r\n')
const CR = 13

/**
 * A form that streams through busboy: its fields into the collector, its file into a spool. Back-pressure goes
 * from the spool through busboy to whoever calls `write`.
 *
 * Once busboy has read the head of a file it is given no more of the file's content, but the delimiter after it: to look
 * for that byte by byte, and to pass content through two streams, costs more than all else that is done with a body.
 */
export class BusboyForm {
  readonly #options: BusboyFormOptions
  readonly #parser: busboy.Busboy
  readonly #outcome = Promise.withResolvers<FormContent | undefined>()
  #content: Promise<FormContent> | undefined
  #pendingWrite: Promise<void> | undefined
  /** The spool takes no more before that is done. */
  #isWaiting = false
  #fileBytes = 0
  #ended = false
  readonly #delimiter: Delimiter | undefined
  /** Is shown what busboy is given. */
  readonly #check: DelimiterCheck | undefined
  #partsTaken = 0
  /** The file that busboy read the head of last, and its spool. */
  #file: { readonly stream: Readable; readonly spool: FormSpool } | undefined
  /** Content comes here, and not to busboy. */
  #isDirect = false
  /** Of such content: what may be the beginning of a delimiter. */
  #kept: Buffer = Buffer.alloc(0)
  #headsLeft: number
  /** The last bytes that busboy was given: the end of a head may be cut in two. */
  #before: Buffer = Buffer.alloc(0)
  /** After the end of a head: how many bytes of a delimiter have followed. */
  #probed: number | undefined

  /** @throws CustodyError `invalid_multipart` when the content type does not parse */
  constructor(options: BusboyFormOptions) {
    this.#options = options
    this.#delimiter =
      options.boundary === undefined ? undefined : delimiterOf(options.boundary)
    this.#check = this.#delimiter && checkDelimiters(this.#delimiter)
    this.#headsLeft = this.#delimiter ? MAX_HEADS : 0
    this.#parser = openParser(options.contentType, options.collector.valueBytes)
    this.#parser.on('field', (name, value, info) => {
      this.#partsTaken += 1
      this.#guard(() => {
        if (info.valueTruncated) throw fieldTooLarge(name ?? '')
        options.collector.addField(name ?? '', value ?? '', info.encoding)
      })
    })
    this.#parser.on('file', (name, stream, info) => {
      this.#partsTaken += 1
      // Without a listener, a body that ends inside the file would end the process
      stream.on('error', () => {})
      this.#guard(() => {
        const { filename, encoding, mimeType } = info
        options.collector.addFile(name ?? '', { filename, encoding, type: mimeType })
        this.#spool(stream)
      })
    })
    this.#parser.on('partsLimit', () => {
      this.fail(malformedForm('it has too many parts'))
    })
    this.#parser.on('error', (error: unknown) => this.fail(malformed(error)))
    this.#parser.on('close', () => this.#finish())
    // Whoever feeds the form may still be on the way to its `await`
    this.#outcome.promise.catch(() => {})
  }

  /** Resolves to the file's content, if there was a file, once the whole form was read. */
  get done(): Promise<FormContent | undefined> {
    return this.#outcome.promise
  }

  /** Bytes of the file so far. */
  get fileBytes(): number {
    return this.#fileBytes
  }

  /** Answers false when no more should be written until `resume` was called. */
  write(chunk: Buffer, resume: () => void): boolean {
    let goOn = true
    let rest = chunk
    while (rest.length > 0 && !this.#ended) {
      if (this.#isDirect && this.#isWaiting) {
        this.#kept = Buffer.concat([this.#kept, rest])
        this.#pendingWrite?.then(resume, () => {})
        return false
      }
      if (this.#isDirect) {
        const content = this.#kept.length > 0 ? Buffer.concat([this.#kept, rest]) : rest
        const { end, written } = this.#takeContent(content)
        if (written) {
          goOn = false
          written.then(resume, () => {})
        }
        rest = content.subarray(end)
      } else {
        const probed = this.#probed
        const length = probed === undefined ? this.#toEndOfHead(rest) : 1
        if (!this.#writeToBusboy(rest.subarray(0, length), probed)) {
          goOn = false
          this.#parser.once('drain', resume)
        }
        rest = rest.subarray(length)
      }
    }
    return goOn
  }

  /** After the last byte of the body. */
  end(): void {
    if (this.#ended) return
    if (this.#kept.length > 0) this.#parser.write(this.#kept)
    this.#parser.end()
  }

  /** Gives the form up. The spool is its session's to discard, after the write that runs. */
  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    // Not at once: this may run inside one of busboy's own callbacks, which go on with what it destroys
    process.nextTick(() => this.#parser.destroy())
    const written = Promise.allSettled([this.#pendingWrite, this.#content])
    void written.then(() => this.#outcome.reject(error))
  }

  #guard(step: () => void): void {
    if (this.#ended) return
    try {
      step()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Takes content up to the delimiter, which it leaves, and answers how much of `chunk` is done with. */
  #takeContent(chunk: Buffer): { end: number; written: Promise<void> | undefined } {
    const { delimiter, file } = this.#directed()
    const { at, isWhole } = delimiter.endOfContent(chunk)
    let written: Promise<void> | undefined
    this.#guard(() => {
      if (at > 0) written = this.#receive(file.spool, chunk.subarray(0, at))
    })
    this.#isDirect = !isWhole
    // A copy: it would keep the whole chunk.
    this.#kept = Buffer.from(isWhole ? [] : chunk.subarray(at))
    return { end: isWhole ? at : chunk.length, written }
  }

  #directed() {
    const delimiter = this.#delimiter
    const file = this.#file
    if (!delimiter || !file) throw new TypeError('There is no file to take content for')
    return { delimiter, file }
  }

  /** How much of `chunk` goes to busboy before it is looked whether a file begins: after that, single bytes do. */
  #toEndOfHead(chunk: Buffer): number {
    if (this.#headsLeft === 0) return chunk.length
    // Where the end of a head is cut in two.
    const seam = Buffer.concat([this.#before, chunk.subarray(0, endOfHead.length - 1)])
    const cut = seam.indexOf(endOfHead)
    const found =
      cut === -1
        ? chunk.indexOf(endOfHead) + endOfHead.length
        : cut + endOfHead.length - this.#before.length
    const isFound = cut !== -1 || found >= endOfHead.length
    if (!isFound) return chunk.length
    this.#headsLeft -= 1
    this.#probed = 0
    return found
  }

  #writeToBusboy(chunk: Buffer, probed: number | undefined): boolean {
    const before = this.#file
    this.#guard(() => this.#check?.see(chunk))
    if (this.#ended) return true
    const goOn = this.#parser.write(chunk)
    const [byte] = chunk
    if (probed !== undefined && this.#delimiter && byte !== undefined) {
      // The line end that ends a head may be that of a delimiter: busboy knows when it has seen what follows.
      const goesOn = byte === this.#delimiter.bytes[probed + 2]
      this.#probed = goesOn ? probed + 1 : undefined
      if (this.#file !== before) this.#takeOver(byte)
    }
    if (this.#headsLeft > 0) {
      const last = chunk.subarray(1 - endOfHead.length)
      const both = Buffer.concat([this.#before, last])
      this.#before = both.subarray(Math.max(0, both.length - endOfHead.length + 1))
    }
    return goOn
  }

  /** Busboy knows of the file, and has passed on all of its content that it was given: `last` is its last byte. */
  #takeOver(last: number): void {
    this.#probed = undefined
    const { stream } = this.#directed().file
    const isSettled = this.#parser.writableLength === 0 && last !== CR
    while (isSettled && !this.#isWaiting && stream.readableLength > 0) stream.read()
    this.#isDirect = isSettled && stream.readableLength === 0
    if (!this.#isDirect) this.#headsLeft = 0
  }

  /** @throws CustodyError `file_too_large`, and what the spool throws */
  #receive(spool: FormSpool, chunk: Buffer): Promise<void> | undefined {
    this.#fileBytes += chunk.length
    const { maxFileBytes: limit, maxSetBy: setBy, collector } = this.#options
    if (this.#fileBytes > limit) {
      const bytes = `at least ${this.#fileBytes}` as const
      throw fileTooLarge({ bytes, limit, setBy, param: collector.contentField })
    }
    const written = spool.write(chunk)
    if (written === undefined) return undefined
    this.#pendingWrite = written
    this.#isWaiting = true
    written.then(
      () => {
        this.#isWaiting = false
      },
      (error: unknown) => this.fail(error),
    )
    return written
  }

  #spool(stream: Readable): void {
    const spool = this.#options.openSpool()
    this.#file = { stream, spool }
    stream.on('data', (chunk: Buffer) => {
      this.#guard(() => {
        const written = this.#receive(spool, chunk)
        if (written === undefined) return
        stream.pause()
        written.then(
          () => stream.resume(),
          () => {},
        )
      })
    })
    stream.on('end', () => {
      if (this.#ended) return
      // The last chunk may still be on its way: pausing a stream does not keep its end back
      const written = this.#pendingWrite
      const content = written ? written.then(() => spool.end()) : spool.end()
      // Looked at when the form has ended; until then a failure must not count as unhandled
      content.catch(() => {})
      this.#content = content
    })
  }

  #finish(): void {
    if (this.#ended) return
    if (this.#check && this.#check.parts > this.#partsTaken) {
      this.fail(malformedForm('a part has no Content-Disposition that names its field'))
      return
    }
    this.#ended = true
    this.#outcome.resolve(this.#content)
  }
}

function openParser(contentType: string, valueBytes: number): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': contentType },
      // Clients send raw UTF-8, whatever the standards said; busboy's default is Latin-1
      defParamCharset: 'utf8',
      preservePath: false,
      limits: {
        fieldSize: valueBytes,
        // Over what the collector refuses, as a backstop for parts that busboy skips
        parts: 2 * formLimits.fields,
      },
    })
  } catch (error) {
    throw malformed(error)
  }
}

function malformed(error: unknown): CustodyError {
  const text = error instanceof Error ? error.message : ''
  if (text.includes('Unexpected end'))
    return malformedForm('it ends before its closing boundary')
  if (text.includes('part header'))
    return malformedForm('the head of a part does not parse')
  return malformedForm('its content type does not parse')
}
