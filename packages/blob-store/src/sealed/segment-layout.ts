/** Bytes of a segment as it is stored, its tag included: AES256_GCM_HKDF_1MB. */
export const SEGMENT_BYTES = 1024 * 1024

export const TAG_BYTES = 16
export const SALT_BYTES = 32
export const NONCE_PREFIX_BYTES = 7

/** Length of the header, salt, nonce prefix. */
export const HEADER_BYTES = 1 + SALT_BYTES + NONCE_PREFIX_BYTES

/** The counter of a nonce has four bytes. */
export const MAX_SEGMENTS = 2 ** 32

/** Where the segments of a sealed stream lie. The header takes its room from the first one. */
export type SegmentLayout = {
  readonly segmentBytes: number
  /** Bytes of the whole stream, header and tags included. */
  readonly storedBytes: number
  readonly segments: number
  /** Bytes that were sealed. */
  readonly plainBytes: number
}

/** The layout of a stream of this length; undefined where no stream has it. */
export function layoutOf(
  storedBytes: number,
  segmentBytes: number = SEGMENT_BYTES,
): SegmentLayout | undefined {
  const segments = Math.ceil(storedBytes / segmentBytes)
  const plainBytes = storedBytes - HEADER_BYTES - segments * TAG_BYTES
  if (segments === 0 || segments > MAX_SEGMENTS || plainBytes < 0) return undefined
  const last = storedBytes - (segments - 1) * segmentBytes
  // Only a stream of nothing has an empty segment.
  if (segments > 1 && last <= TAG_BYTES) return undefined
  return { segmentBytes, storedBytes, segments, plainBytes }
}

/** Bytes that a stream has for content of this length. */
export function sealedLength(
  plainBytes: number,
  segmentBytes: number = SEGMENT_BYTES,
): number {
  const room = segmentBytes - TAG_BYTES
  const segments = Math.max(1, Math.ceil((plainBytes + HEADER_BYTES) / room))
  return plainBytes + HEADER_BYTES + segments * TAG_BYTES
}

/** The segment that has a byte of the content. */
export function segmentAt({ segmentBytes }: SegmentLayout, offset: number): number {
  return Math.floor((offset + HEADER_BYTES) / (segmentBytes - TAG_BYTES))
}

/** Where a segment's part of the content begins. */
export function plainStart({ segmentBytes }: SegmentLayout, segment: number): number {
  return segment === 0 ? 0 : segment * (segmentBytes - TAG_BYTES) - HEADER_BYTES
}

/** Where a segment lies in the stream. */
export function storedRange(
  { segmentBytes, storedBytes }: SegmentLayout,
  segment: number,
): { readonly start: number; readonly end: number } {
  return {
    start: segment === 0 ? HEADER_BYTES : segment * segmentBytes,
    end: Math.min((segment + 1) * segmentBytes, storedBytes),
  }
}
