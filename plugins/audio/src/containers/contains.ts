import type { ByteWindow } from '../byte-window.ts'

const STEP = 32 * 1024

/** Whether an ASCII text occurs in a part of the file. */
export async function contains(
  window: ByteWindow,
  start: number,
  end: number,
  text: string,
): Promise<boolean> {
  for (let offset = start; offset < end; offset += STEP) {
    const length = Math.min(STEP + text.length - 1, end - offset)
    if ((await window.read(offset, length)).includes(text, 0, 'latin1')) return true
  }
  return false
}
