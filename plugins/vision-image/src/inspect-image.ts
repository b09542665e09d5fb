import type { ByteWindow } from './byte-window.ts'
import { inspectGif } from './formats/inspect-gif.ts'
import { inspectJpeg } from './formats/inspect-jpeg.ts'
import { inspectPng } from './formats/inspect-png.ts'
import { inspectWebp } from './formats/inspect-webp.ts'
import type { Image } from './image.ts'
import { ImageFault } from './image-fault.ts'

type Inspect = (window: ByteWindow) => Promise<Image>

/** By the first twelve bytes, as Latin-1. */
function inspectorOf(head: string): Inspect | undefined {
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return inspectPng
  if (head.startsWith('\xff\xd8\xff')) return inspectJpeg
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return inspectGif
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return inspectWebp
  return undefined
}

/**
 * Finds the format by content and walks the structure of the image to its end. Nothing is decoded.
 *
 * @throws ImageFault
 */
export async function inspectImage(window: ByteWindow): Promise<Image> {
  const head = await window.read(0, Math.min(window.size, 12))
  const inspect = inspectorOf(head.toString('latin1'))
  if (inspect === undefined) {
    throw new ImageFault(
      'unsupported_image',
      `The content (it begins with the bytes '${head.toString('hex')}') is not an image that is allowed: PNG, JPEG, WebP or non-animated GIF.`,
    )
  }
  return inspect(window)
}
