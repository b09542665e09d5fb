import { Blob } from 'node:buffer'
import type { FileReader } from './file-reader.ts'

/** The view of a file that `file-type` reads through: nothing is read before it is asked for. */
export class FileBlob extends Blob {
  override readonly size: number
  readonly #reader: FileReader
  readonly #start: number

  constructor(reader: FileReader, start = 0, end = reader.size) {
    super([])
    this.#reader = reader
    this.#start = start
    this.size = end - start
  }

  override slice(start = 0, end = this.size): FileBlob {
    return new FileBlob(this.#reader, this.#start + start, this.#start + end)
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.#reader.read(this.#start, this.size)
    return new Uint8Array(bytes).buffer
  }
}
