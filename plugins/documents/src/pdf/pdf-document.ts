import type { FileReader } from '../file-reader.ts'
import type { ObjectTable } from './cross-references.ts'
import { type ObjectStream, readObjectStream } from './object-stream.ts'
import { invalidPdf, type PdfObject, PdfReference } from './pdf-object.ts'
import { readIndirect } from './read-indirect.ts'

const MAX_REFERENCES = 32

/** An object is in an encrypted stream. */
export class LockedObject extends Error {
  override readonly name = 'LockedObject'
}

/** The objects of a PDF. */
export class PdfDocument {
  readonly #reader: FileReader
  readonly #table: ObjectTable
  #lastStream: { readonly number: number; readonly stream: ObjectStream } | undefined

  constructor(reader: FileReader, table: ObjectTable) {
    this.#reader = reader
    this.#table = table
  }

  /**
   * What a reference stands for; any other object as it is. Null for an object that does not exist.
   *
   * @throws DocumentFault
   * @throws LockedObject
   */
  async resolve(object: PdfObject | undefined): Promise<PdfObject> {
    let found = object ?? null
    for (let i = 0; found instanceof PdfReference; i += 1) {
      if (i > MAX_REFERENCES) throw invalidPdf('its references lead in a circle')
      found = await this.#load(found.number)
    }
    return found
  }

  async #load(number: number): Promise<PdfObject> {
    const place = await this.#table.find(number)
    if (place === undefined) return null
    if (place.kind === 'packed') {
      const { numbers, object } = await this.#stream(place.stream)
      const isRight = numbers[place.index] === number
      return object(isRight ? place.index : numbers.indexOf(number))
    }
    const found = await readIndirect(this.#reader, place.offset)
    if (found.number === number) return found.value
    throw invalidPdf(
      `object ${found.number} stands at byte ${place.offset}, where object ${number} should be`,
    )
  }

  async #stream(number: number): Promise<ObjectStream> {
    if (this.#table.trailer.has('Encrypt')) throw new LockedObject()
    if (this.#lastStream?.number === number) return this.#lastStream.stream
    const place = await this.#table.find(number)
    if (place?.kind !== 'offset') throw invalidPdf(`there is no object stream ${number}`)
    const stream = await readObjectStream(this.#reader, place.offset, (length) =>
      this.#loadPlain(length),
    )
    this.#lastStream = { number, stream }
    return stream
  }

  /** The length of an object stream cannot be in one. */
  async #loadPlain({ number }: PdfReference): Promise<PdfObject> {
    const place = await this.#table.find(number)
    if (place?.kind !== 'offset') return null
    return (await readIndirect(this.#reader, place.offset)).value
  }
}
