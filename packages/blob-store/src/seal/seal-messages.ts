import type { SealedFormat, SealMode } from '../sealed/sealed-formats.ts'
import { SEGMENT_BYTES } from '../sealed/segment-layout.ts'

/** Room for what one message can lead to: the segment that was pending, a frame, the seek table. */
export const OUTPUT_BYTES = 2 * SEGMENT_BYTES + 256 * 1024

/** To the seal thread. `id` names one stream; a `push` or an `end` comes after the answer to the former one only. */
export type SealRequest =
  | {
      readonly kind: 'open'
      readonly id: number
      readonly mode: Exclude<SealMode, 'off'>
      readonly dataKey: Uint8Array
      /** For the header of the stream. */
      readonly random: Uint8Array
    }
  /** The next content: the first `bytes` bytes of `memory`, which is free again with the answer. */
  | {
      readonly kind: 'push'
      readonly id: number
      readonly memory: ArrayBufferLike
      readonly bytes: number
      /** Where to put the bytes of the stream that come next. */
      readonly output: Uint8Array<SharedArrayBuffer>
    }
  | {
      readonly kind: 'end'
      readonly id: number
      readonly output: Uint8Array<SharedArrayBuffer>
    }
  | { readonly kind: 'cancel'; readonly id: number }

/** From the seal thread: one to each `push` and `end`. After a failure no more is answered. */
export type SealReply =
  | {
      readonly kind: 'pushed'
      readonly id: number
      /** Length of what comes next of the stream, in `output`; often nothing. */
      readonly storedBytes: number
      readonly format: SealedFormat
    }
  | {
      readonly kind: 'ended'
      readonly id: number
      readonly storedBytes: number
      readonly format: SealedFormat
      readonly sha256: string
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
