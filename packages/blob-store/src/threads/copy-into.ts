/**
 * Copies bytes to `at`, also into shared memory: `TypedArray.set` goes there word by word, which takes two to four times as
 * long as this (docs/performance.md).
 */
export function copyInto(memory: Buffer, bytes: Uint8Array, at: number): void {
  if (bytes.length > 0) memory.fill(bytes, at, at + bytes.length)
}
