import { fileTypeFromBlob } from 'file-type'
import { FileBlob } from './file-blob.ts'
import type { FileReader } from './file-reader.ts'

export type Sniffed = {
  /** As `file-type` names it, such as `png`; undefined when it knows no such content. */
  readonly kind: string | undefined
  /** For people. */
  readonly description: string
}

/** Finds out by its content what a file is, with reads here and there. */
export async function sniffContent(reader: FileReader): Promise<Sniffed> {
  const found = await fileTypeFromBlob(new FileBlob(reader))
  return found === undefined
    ? { kind: undefined, description: 'of no known type' }
    : { kind: found.ext, description: `of type ${found.mime}` }
}
