import type { UploadSpool } from '@custody/blob-store'
import { fileTooLarge } from '@custody/domain/errors'
import type { FileLimit } from './purpose-rules.ts'

/** A spool that takes no more than a file of its purpose and name may have: the rest need not come first. */
export function boundedSpool(
  spool: UploadSpool,
  { maxBytes, setBy }: FileLimit,
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
        throw fileTooLarge({ bytes: `at least ${bytes}`, limit: maxBytes, setBy })
      }
      return spool.write(chunk)
    },
    end: () => spool.end(),
    discard: () => spool.discard(),
  }
}
