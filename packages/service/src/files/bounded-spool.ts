import type { UploadSpool } from '@custody/blob-store'
import { tooLarge } from './purpose-rules.ts'

/** A spool that takes no more than a file of its purpose and name may have: the rest need not come first. */
export function boundedSpool(
  spool: UploadSpool,
  { maxBytes, setBy }: { readonly maxBytes: number; readonly setBy: string },
): UploadSpool {
  return {
    get bytes() {
      return spool.bytes
    },
    get staged() {
      return spool.staged
    },
    write(chunk) {
      const bytes = spool.bytes + chunk.length
      if (bytes > maxBytes) {
        void spool.discard()
        throw tooLarge(`at least ${bytes}`, maxBytes, setBy)
      }
      return spool.write(chunk)
    },
    end: () => spool.end(),
    discard: () => spool.discard(),
  }
}
