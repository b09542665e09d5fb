import {
  accept,
  type PluginFile,
  reject,
  type ValidateContext,
  type Verdict,
} from '@custody/plugin-api'
import { ByteWindow } from './byte-window.ts'
import type { Image } from './image.ts'
import { ImageFault } from './image-fault.ts'
import { inspectImage } from './inspect-image.ts'
import { DEFAULT_MAX_BYTES, type VisionOptions } from './options.ts'
import { warningsOf } from './warnings-of.ts'

/** Takes a still image that is whole, and says what its structure tells about it. */
export async function validateImage(
  file: PluginFile,
  context: ValidateContext<VisionOptions>,
): Promise<Verdict> {
  try {
    checkSize(file.size, context.options.maxBytes ?? DEFAULT_MAX_BYTES)
    const image = await inspectImage(new ByteWindow(file))
    return accept(factsOf(image), warningsOf(image, file))
  } catch (error) {
    if (!(error instanceof ImageFault)) throw error
    return reject({ code: error.code, message: error.message })
  }
}

function checkSize(size: number, maxBytes: number): void {
  if (size <= maxBytes) return
  throw new ImageFault(
    'image_too_large',
    `The image has ${size} bytes; at most ${maxBytes} are allowed.`,
  )
}

function factsOf(image: Image) {
  const { format, width, height, mode, bitDepth } = image
  return { format, width, height, pixels: width * height, mode, bit_depth: bitDepth }
}
