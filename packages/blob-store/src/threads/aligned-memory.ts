// TypeScript knows it as a part of browsers only.
declare const WebAssembly: {
  readonly Memory: new (pages: {
    readonly initial: number
    readonly maximum: number
    readonly shared: true
  }) => { readonly buffer: SharedArrayBuffer }
}

/** A page of WebAssembly's memory, in bytes. */
const PAGE_BYTES = 64 * 1024

/**
 * Shared memory, in pieces that each begin at a page of the machine: direct writes take no other, and in Node only WebAssembly
 * gives such. Where it has none, plain shared memory, which serves all other ends.
 *
 * @param bytes Of each piece; rounded up to 64 KiB.
 */
export function alignedMemory(
  pieces: number,
  bytes: number,
): Uint8Array<SharedArrayBuffer>[] {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  const memory = reserve(pieces * pages)
  return Array.from(
    { length: pieces },
    (_, index) => new Uint8Array(memory, index * pages * PAGE_BYTES, pages * PAGE_BYTES),
  )
}

function reserve(pages: number): SharedArrayBuffer {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
  } catch (error) {
    // It reserves gigabytes of addresses, which a limit of the process may refuse.
    if (!(error instanceof RangeError)) throw error
  }
  return new SharedArrayBuffer(pages * PAGE_BYTES)
}
