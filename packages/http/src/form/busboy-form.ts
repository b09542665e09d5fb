import type { Readable } from 'node:stream'
import type { CustodyError } from '@custody/domain/errors'
import type { UploadSession } from '@custody/service'
import busboy from 'busboy'
import { fieldTooLarge, fileTooLarge, malformedForm } from './form-errors.ts'
import { formLimits } from './form-limits.ts'
import type { FormParts } from './form-parts.ts'

export type FormSpool = ReturnType<UploadSession['spool']>
export type FormContent = ReturnType<UploadSession['fromBuffer']>

export type BusboyFormOptions = {
  readonly contentType: string
  readonly collector: FormParts
  /** Most bytes of the file, inclusive. */
  readonly maxFileBytes: number
  readonly openSpool: () => FormSpool
}

/**
 * A form that streams through busboy: its fields into the collector, its file into a spool. Back-pressure goes
 * from the spool through busboy to whoever calls `write`.
 */
export class BusboyForm {
  readonly #options: BusboyFormOptions
  readonly #parser: busboy.Busboy
  readonly #outcome = Promise.withResolvers<FormContent | undefined>()
  #content: Promise<FormContent> | undefined
  #pendingWrite: Promise<void> | undefined
  #fileBytes = 0
  #ended = false

  /** @throws CustodyError `invalid_multipart` when the content type does not parse */
  constructor(options: BusboyFormOptions) {
    this.#options = options
    this.#parser = openParser(options.contentType, options.collector.valueBytes)
    this.#parser.on('field', (name, value, info) => {
      this.#guard(() => {
        if (info.valueTruncated) throw fieldTooLarge(name ?? '')
        options.collector.addField(name ?? '', value ?? '', info.encoding)
      })
    })
    this.#parser.on('file', (name, stream, info) => {
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
  write(chunk: Uint8Array, resume: () => void): boolean {
    if (this.#ended) return true
    const goOn = this.#parser.write(chunk)
    if (!goOn) this.#parser.once('drain', resume)
    return goOn
  }

  /** After the last byte of the body. */
  end(): void {
    if (!this.#ended) this.#parser.end()
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

  #spool(stream: Readable): void {
    const spool = this.#options.openSpool()
    stream.on('data', (chunk: Buffer) => {
      this.#guard(() => {
        this.#fileBytes += chunk.length
        const { maxFileBytes, collector } = this.#options
        if (this.#fileBytes > maxFileBytes) {
          const seen = `at least ${this.#fileBytes}`
          throw fileTooLarge(maxFileBytes, seen, collector.contentField)
        }
        const written = spool.write(chunk)
        if (written === undefined) return
        stream.pause()
        this.#pendingWrite = written
        written.then(
          () => stream.resume(),
          (error: unknown) => this.fail(error),
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
