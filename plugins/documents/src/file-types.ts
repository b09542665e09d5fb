const MiB = 1024 * 1024

/** How the content of a file is looked at. */
export type Inspection = 'pdf' | 'ooxml' | 'doc' | 'text' | 'signature'

export type FileType = {
  readonly mediaType: string
  /** Largest file in bytes, inclusive. */
  readonly maxBytes: number
  readonly inspection: Inspection
}

const text = (mediaType: string, mebibytes: number): FileType => ({
  mediaType,
  maxBytes: mebibytes * MiB,
  inspection: 'text',
})
const image = (mediaType: string): FileType => ({
  mediaType,
  maxBytes: 20 * MiB,
  inspection: 'signature',
})
const audio = (mediaType: string): FileType => ({
  mediaType,
  maxBytes: 25 * MiB,
  inspection: 'signature',
})
const document = (mediaType: string, inspection: Inspection): FileType => ({
  mediaType,
  maxBytes: 50 * MiB,
  inspection,
})

export const WORD =
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
export const EXCEL = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** What the purpose `document` takes, by extension. */
export const documentTypes: Readonly<Record<string, FileType>> = {
  '.pdf': document('application/pdf', 'pdf'),
  '.docx': document(WORD, 'ooxml'),
  '.doc': document('application/msword', 'doc'),
  '.txt': text('text/plain', 10),
  '.md': text('text/markdown', 10),
  '.html': text('text/html', 10),
  '.csv': text('text/csv', 50),
  '.xlsx': document(EXCEL, 'ooxml'),
  '.png': image('image/png'),
  '.jpg': image('image/jpeg'),
  '.jpeg': image('image/jpeg'),
  '.gif': image('image/gif'),
  '.webp': image('image/webp'),
}

/** What assistants take in the dialect `gateflow`: its whole table. */
export const allTypes: Readonly<Record<string, FileType>> = {
  ...documentTypes,
  '.mp3': audio('audio/mpeg'),
  '.mp4': audio('audio/mp4'),
  '.m4a': audio('audio/m4a'),
  '.wav': audio('audio/wav'),
  '.webm': audio('audio/webm'),
}
