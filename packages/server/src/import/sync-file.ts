import { closeSync, fsyncSync, openSync } from 'node:fs'

/** After a power cut the file has the bytes that it has now. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
