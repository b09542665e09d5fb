/** Bytes of a file, from `start` (inclusive) to `end` (exclusive). */
export type Range = { readonly start: number; readonly end: number }
