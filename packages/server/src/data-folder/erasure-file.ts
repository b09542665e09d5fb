import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { ErasureFile } from '@custody/service'
import { syncFolder } from './data-folder.ts'

const CHUNK = 64 * 1024
const LINE_END = 0x0a

/**
 * The list of erasures as a file that only grows: one line for each, and nothing private in it. What a crash cut short at its
 * end is no line; the log has what it would have said.
 */
export function erasureFile(path: string): ErasureFile {
  return {
    *backward() {
      if (!existsSync(path)) return
      const file = openSync(path, 'r')
      try {
        let end = fstatSync(file).size
        let rest = Buffer.alloc(0)
        // What comes after the last line end was cut short.
        let isWhole = false
        while (end > 0) {
          const start = Math.max(0, end - CHUNK)
          const chunk = Buffer.alloc(end - start)
          readSync(file, chunk, 0, chunk.length, start)
          rest = Buffer.concat([chunk, rest])
          end = start
          for (let at = rest.lastIndexOf(LINE_END); at >= 0; ) {
            const line = rest.subarray(at + 1)
            if (isWhole) yield line.toString()
            isWhole = true
            rest = rest.subarray(0, at)
            at = rest.lastIndexOf(LINE_END)
          }
        }
        if (isWhole && rest.length > 0) yield rest.toString()
      } finally {
        closeSync(file)
      }
    },

    append(lines) {
      const isNew = !existsSync(path)
      const file = openSync(path, isNew ? 'a+' : 'r+', 0o600)
      try {
        const end = lastLineEnd(file)
        ftruncateSync(file, end)
        writeSync(file, lines.map((line) => `${line}\n`).join(''), end)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      if (isNew) syncFolder(dirname(path))
    },
  }
}

/** Where the last whole line ends. */
function lastLineEnd(file: number): number {
  const chunk = Buffer.alloc(CHUNK)
  for (let end = fstatSync(file).size; end > 0; ) {
    const start = Math.max(0, end - CHUNK)
    const count = readSync(file, chunk, 0, end - start, start)
    const at = chunk.subarray(0, count).lastIndexOf(LINE_END)
    if (at >= 0) return start + at + 1
    end = start
  }
  return 0
}
