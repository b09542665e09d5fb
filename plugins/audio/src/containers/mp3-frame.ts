export type Mp3Frame = {
  /** With its header. */
  readonly bytes: number
  /** Version, layer and sample rate: the frames of a file have them in common. */
  readonly kind: number
}

/** Sync, version, layer and sample rate. */
const KIND_BITS = 0xfffe0c00

/** By the two bits of the header; those of MPEG 2 are half of these, and those of 2.5 a quarter. */
const sampleRates = [44_100, 48_000, 32_000]

/** Kilobits a second by the four bits of the header. 0: free format, whose frames have no length of their own. */
const bitRates1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const bitRates2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

/**
 * What the header of an MPEG audio frame of layer III says; undefined where it is none (ISO/IEC 11172-3, 2.4.1.3, and
 * 13818-3).
 */
export function mp3FrameAt(header: Buffer): Mp3Frame | undefined {
  if (header.length < 4) return undefined
  const bits = header.readUInt32BE(0)
  const isSync = bits >>> 21 === 0x7ff
  const version = (bits >>> 19) & 3
  const isLayer3 = ((bits >>> 17) & 3) === 1
  if (!isSync || version === 1 || !isLayer3) return undefined
  const isMpeg1 = version === 3
  const kilobits = (isMpeg1 ? bitRates1 : bitRates2)[(bits >>> 12) & 15]
  const baseRate = sampleRates[(bits >>> 10) & 3]
  if (kilobits === undefined || kilobits === 0 || baseRate === undefined) return undefined
  const sampleRate = isMpeg1 ? baseRate : version === 2 ? baseRate / 2 : baseRate / 4
  const padding = (bits >>> 9) & 1
  const bytes =
    Math.floor(((isMpeg1 ? 144_000 : 72_000) * kilobits) / sampleRate) + padding
  return { bytes, kind: bits & KIND_BITS }
}
