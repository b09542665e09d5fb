import { ImageFault } from './image-fault.ts'

/** A 512 MiB PNG in pieces of 8 KiB, the size that libpng writes, has 65,536. */
export const MAX_PARTS = 100_000

/**
 * Counts chunks, segments or blocks, so that a file made of tiny ones is cheap to refuse.
 *
 * @throws ImageFault `image_too_complex` from the call beyond `max` on
 */
export function partCounter(what: string, max = MAX_PARTS): () => void {
  let parts = 0
  return () => {
    parts += 1
    if (parts > max) {
      throw new ImageFault(
        'image_too_complex',
        `The image has more than ${max} ${what}, the most that is allowed.`,
      )
    }
  }
}
