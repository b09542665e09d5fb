/** @throws RangeError if it is no number of leaves */
export function checkSize(size: number): void {
  if (!isSize(size)) {
    throw new RangeError(
      `the size of a log is an integer from 0 to 2^53 − 1, not ${size}`,
    )
  }
}

/** Whether it is a number of leaves, or the index of one: what a double counts without a gap. */
export function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0
}

/** The largest power of two that is not above `count`, which is at least 1. */
export function largestPowerOfTwo(count: number): number {
  let power = 1
  while (power * 2 <= count) power *= 2
  return power
}
