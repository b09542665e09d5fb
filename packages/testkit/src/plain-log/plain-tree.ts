import { createHash } from 'node:crypto'

/*
 * RFC 6962, section 2.1, word for word: recursive, over all records at once, with nothing of ours. Slow, and plain enough
 * to be believed: what the log computes is held against it.
 */

const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** MTH(D[n]) */
export function plainRoot(records: readonly (string | Uint8Array)[]): Buffer {
  if (records.length === 0) return sha256()
  const [only] = records
  if (records.length === 1 && only !== undefined) {
    return sha256(Buffer.of(0), Buffer.from(only))
  }
  const k = split(records.length)
  return sha256(Buffer.of(1), plainRoot(records.slice(0, k)), plainRoot(records.slice(k)))
}

/** PATH(m, D[n]): the inclusion proof of the record with index m. */
export function plainInclusion(
  m: number,
  records: readonly (string | Uint8Array)[],
): Buffer[] {
  if (records.length <= 1) return []
  const k = split(records.length)
  const [left, right] = [records.slice(0, k), records.slice(k)]
  return m < k
    ? [...plainInclusion(m, left), plainRoot(right)]
    : [...plainInclusion(m - k, right), plainRoot(left)]
}

/** PROOF(m, D[n]): the consistency proof from the first m records; none for no records. */
export function plainConsistency(
  m: number,
  records: readonly (string | Uint8Array)[],
): Buffer[] {
  return m === 0 ? [] : subproof(m, records, true)
}

function subproof(
  m: number,
  records: readonly (string | Uint8Array)[],
  isWhole: boolean,
): Buffer[] {
  if (m === records.length) return isWhole ? [] : [plainRoot(records)]
  const k = split(records.length)
  const [left, right] = [records.slice(0, k), records.slice(k)]
  return m <= k
    ? [...subproof(m, left, isWhole), plainRoot(right)]
    : [...subproof(m - k, right, false), plainRoot(left)]
}
