import { DocumentFault } from '../document-fault.ts'

/** An indirect object's number. */
export class PdfReference {
  readonly number: number

  constructor(number: number) {
    this.number = number
  }
}

export type PdfDictionary = ReadonlyMap<string, PdfObject>

/**
 * An object as far as the page tree needs it: names are texts without their slash, and what a PDF has as a string
 * is null, since no string is ever looked at.
 */
export type PdfObject =
  | null
  | boolean
  | number
  | string
  | PdfReference
  | readonly PdfObject[]
  | PdfDictionary

export function isDictionary(object: PdfObject | undefined): object is PdfDictionary {
  return object instanceof Map
}

export function isArray(object: PdfObject | undefined): object is readonly PdfObject[] {
  return Array.isArray(object)
}

/** An integer from 0 that is an offset, a length or a number of things. */
export function isCount(object: PdfObject | undefined): object is number {
  return typeof object === 'number' && Number.isSafeInteger(object) && object >= 0
}

export function invalidPdf(what: string): DocumentFault {
  return new DocumentFault('invalid_pdf', `The PDF is damaged: ${what}.`)
}

export function complexPdf(what: string): DocumentFault {
  return new DocumentFault('document_too_complex', `The PDF is too complex: ${what}.`)
}

/** For one of many things that cannot be read, which is no reason not to look at the others. */
export function unlessInvalid(error: unknown): undefined {
  if (!(error instanceof DocumentFault) || error.code !== 'invalid_pdf') throw error
}
