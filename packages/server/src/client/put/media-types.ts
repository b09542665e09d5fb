import { extname } from 'node:path'

/** What the Uploads API asks to be told; a name that is not here has bytes of any kind. */
const types: Readonly<Record<string, string>> = {
  '.jsonl': 'text/jsonl',
  '.json': 'application/json',
  '.txt': 'text/plain',
  '.md': 'text/markdown',
  '.csv': 'text/csv',
  '.html': 'text/html',
  '.xml': 'application/xml',
  '.pdf': 'application/pdf',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.gz': 'application/gzip',
  '.zip': 'application/zip',
}

/** By the end of a name. */
export function mediaTypeOf(filename: string): string {
  return types[extname(filename).toLowerCase()] ?? 'application/octet-stream'
}
