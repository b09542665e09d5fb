import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from './data-folder.ts'

/**
 * Writes a small file under its name when it is whole. After a power cut it is there; during one, it is what it was
 * before, or what it is now.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const draft = `${path}.draft`
  const file = openSync(draft, 'w', mode)
  try {
    // Whatever the draft of a write that was cut short had.
    fchmodSync(file, mode)
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
  syncFolder(dirname(path))
}
