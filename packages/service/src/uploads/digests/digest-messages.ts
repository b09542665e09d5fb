import type { StoredFilePlace } from '@custody/blob-store/stored-file'
import type { CustodyErrorData } from '@custody/domain'

export type Algorithm = 'sha256' | 'md5'

/** To the digest thread. `id` names one content. */
export type DigestRequest =
  | {
      readonly kind: 'open'
      readonly id: number
      readonly algorithms: readonly Algorithm[]
    }
  | { readonly kind: 'update'; readonly id: number; readonly bytes: Uint8Array }
  /** The first `bytes` bytes of `memory`, which is free again with the answer. */
  | {
      readonly kind: 'shared'
      readonly id: number
      readonly memory: SharedArrayBuffer
      readonly bytes: number
    }
  /** What was taken by now is kept in mind, in place of what was before. */
  | { readonly kind: 'mark'; readonly id: number }
  /** What was taken since the mark was not. */
  | { readonly kind: 'undo'; readonly id: number }
  /** The bytes of an extent, which the thread reads by itself. */
  | { readonly kind: 'file'; readonly id: number; readonly place: StoredFilePlace }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }

/** From the digest thread. */
export type DigestReply =
  /** So many bytes more were taken: a chunk, or a whole file. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  /** A file cannot be read; nothing more is taken. */
  | { readonly kind: 'failed'; readonly id: number; readonly error: CustodyErrorData }
  /** Lower-case hex, by algorithm. */
  | {
      readonly kind: 'digests'
      readonly id: number
      readonly digests: Readonly<Partial<Record<Algorithm, string>>>
    }
