import { ImageFault } from './image-fault.ts'

/** Most pixels that an image may declare: 100 megapixels, 400 MB when decoded to RGBA. */
export const MAX_PIXELS = 100_000_000

/**
 * Called as soon as dimensions are known, so that a bomb costs no walk through its file.
 *
 * @throws ImageFault `image_without_pixels` or `image_too_many_pixels`
 */
export function checkDimensions(width: number, height: number): void {
  if (width === 0 || height === 0) {
    throw new ImageFault(
      'image_without_pixels',
      `The image declares ${width} x ${height} pixels; both must be at least 1.`,
    )
  }
  if (width * height > MAX_PIXELS) {
    throw new ImageFault(
      'image_too_many_pixels',
      `The image declares ${width} x ${height} pixels; at most ${MAX_PIXELS} in all are allowed.`,
    )
  }
}
