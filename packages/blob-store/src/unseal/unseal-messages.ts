import type { CustodyErrorData } from '@custody/domain/errors'
import type { StoredFilePlace } from '../disk/stored-file.ts'

/** To the unseal thread. `id` names one read; a `next` may come before the answer to the former one. */
export type UnsealRequest =
  | {
      readonly kind: 'open'
      readonly id: number
      readonly place: StoredFilePlace
      readonly start: number
      readonly end: number
      /** Where to put what comes next, one after the other. */
      readonly outputs: readonly SharedArrayBuffer[]
    }
  /** The output whose turn it is is free. */
  | { readonly kind: 'next'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number }

/** From the unseal thread, one to each `next`. After a failure no more is answered. */
export type UnsealReply =
  | {
      readonly kind: 'opened'
      readonly id: number
      /** Those that were put in the output whose turn it was. */
      readonly bytes: number
    }
  | { readonly kind: 'failed'; readonly id: number; readonly error: CustodyErrorData }
