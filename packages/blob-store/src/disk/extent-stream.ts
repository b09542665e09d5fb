import { close, open, read } from 'node:fs'
import { Readable } from 'node:stream'
import { CustodyError } from '@custody/domain/errors'
import { hasCode } from './durable-files.ts'
import { storageError } from './storage-error.ts'

/** Bytes of one read: large ones cost fewer trips through the thread pool. */
const READ_BYTES = 256 * 1024

/** A range of one file that is known to be there and long enough; where it is not, `content_damaged`. */
export class ExtentStream extends Readable {
  readonly #path: string
  readonly #extentId: string
  readonly #end: number
  #position: number
  #fd: number | undefined
  #reading = false
  #afterRead: (() => void) | undefined

  constructor(options: {
    readonly path: string
    readonly extentId: string
    /** First byte. */
    readonly start: number
    /** Byte after the last. */
    readonly end: number
    readonly signal: AbortSignal | undefined
  }) {
    super({
      highWaterMark: READ_BYTES,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    this.#path = options.path
    this.#extentId = options.extentId
    this.#position = options.start
    this.#end = options.end
  }

  override _construct(callback: (error?: Error | null) => void): void {
    open(this.#path, 'r', (error, fd) => {
      if (error) {
        callback(this.#fault(error))
        return
      }
      this.#fd = fd
      callback()
    })
  }

  override _read(): void {
    const fd = this.#fd
    if (fd === undefined) return
    const wanted = Math.min(READ_BYTES, this.#end - this.#position)
    if (wanted <= 0) {
      this.push(null)
      return
    }
    this.#reading = true
    const buffer = Buffer.allocUnsafeSlow(wanted)
    read(fd, buffer, 0, wanted, this.#position, (error, bytes) => {
      this.#reading = false
      this.#afterRead?.()
      if (this.destroyed) return
      if (error) {
        this.destroy(this.#fault(error))
      } else if (bytes === 0) {
        this.destroy(this.#damaged(`ends at byte ${this.#position}`))
      } else {
        this.#position += bytes
        this.push(bytes === wanted ? buffer : buffer.subarray(0, bytes))
      }
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const fd = this.#fd
    if (fd === undefined) {
      callback(error)
      return
    }
    this.#fd = undefined
    const closeIt = () => close(fd, (fault) => callback(error ?? fault))
    // A descriptor that is closed under a running read may be another file's by then.
    if (this.#reading) this.#afterRead = closeIt
    else closeIt()
  }

  #damaged(how: string, cause?: Error): CustodyError {
    return new CustodyError(
      'content_damaged',
      `Stored content is damaged: extent ${this.#extentId} ${how}`,
      { cause },
    )
  }

  #fault(error: Error): Error {
    if (hasCode(error, 'ENOENT')) return this.#damaged('is missing', error)
    if (hasCode(error, 'EIO')) return this.#damaged('cannot be read', error)
    const fault = storageError(error, 'Stored content could not be read')
    return fault instanceof Error ? fault : error
  }
}
