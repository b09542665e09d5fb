import type { Issue } from '@custody/plugin-api'
import type { Image, ImageFormat } from './image.ts'
import type { IssueCode } from './issue-codes.ts'

type Warning = Issue & { readonly code: IssueCode }

/** Extensions that the purpose takes, and the format that each promises. */
export const formatByExtension: Readonly<Record<string, ImageFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
  '.gif': 'gif',
}

/** What an inference engine or a fine-tuning job may trip over, though the image is good. */
export function warningsOf(
  image: Image,
  file: { readonly extension: string; readonly size: number },
): readonly Warning[] {
  const warnings: Warning[] = []
  const promised = formatByExtension[file.extension]
  if (promised !== undefined && promised !== image.format) {
    warnings.push({
      code: 'extension_mismatch',
      message: `The file name ends in '${file.extension}', but the content is ${image.format.toUpperCase()}.`,
    })
  }
  if (image.end < file.size) {
    warnings.push({
      code: 'trailing_data',
      message: `${file.size - image.end} bytes follow the end of the image, from byte ${image.end} on.`,
    })
  }
  if (image.mode !== 'rgb' && image.mode !== 'rgba') {
    warnings.push({
      code: 'image_not_rgb',
      message: `The colour mode is '${image.mode}'; vision fine-tuning takes 'rgb' and 'rgba' only.`,
    })
  }
  if (image.bitDepth > 8) {
    warnings.push({
      code: 'image_high_bit_depth',
      message: `The image has ${image.bitDepth} bits per channel; what is beyond 8 will likely be lost.`,
    })
  }
  if (image.uncommonCoding !== undefined) {
    warnings.push({
      code: 'image_uncommon_coding',
      message: `The image uses ${image.uncommonCoding}, which many decoders do not know.`,
    })
  }
  return warnings
}
