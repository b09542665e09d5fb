import { sealBox } from './box.ts'
import type { SealedFormat, SealMode } from './sealed-formats.ts'
import { compressFrame } from './zstd-frame.ts'

/** Shorter content does not shrink by what unpacking costs. */
const MIN_COMPRESSED = 256

/** Seals small content as one box; compressed where that is asked for and makes it smaller. */
export function sealContent(
  mode: Exclude<SealMode, 'off'>,
  dataKey: Uint8Array,
  content: Uint8Array,
): { readonly format: SealedFormat; readonly stored: Uint8Array } {
  if (mode === 'compress+encrypt' && content.length >= MIN_COMPRESSED) {
    const frame = compressFrame(content)
    if (frame.length < content.length) {
      return { format: 'sealed-box+zstd', stored: sealBox(dataKey, frame) }
    }
  }
  return { format: 'sealed-box', stored: sealBox(dataKey, content) }
}
