import { merkleTreeHash } from './merkle-tree-hash.ts'

// The proofs of RFC 6962 over leaf hashes, as the RFC words them: recursive, from all leaves, with
// nothing kept. The tests hold the real thing against these.

/** PATH(m, D[n]) of section 2.1.1. */
export function plainInclusionProof(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  const left = leaves.slice(0, k)
  const right = leaves.slice(k)
  return m < k
    ? [...plainInclusionProof(m, left), merkleTreeHash(right)]
    : [...plainInclusionProof(m - k, right), merkleTreeHash(left)]
}

/** PROOF(m, D[n]) of section 2.1.2. */
export function plainConsistencyProof(m: number, leaves: readonly Buffer[]): Buffer[] {
  return subproof(m, leaves, true)
}

function subproof(m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [merkleTreeHash(leaves)]
  const k = split(leaves.length)
  const left = leaves.slice(0, k)
  const right = leaves.slice(k)
  return m <= k
    ? [...subproof(m, left, whole), merkleTreeHash(right)]
    : [...subproof(m - k, right, false), merkleTreeHash(left)]
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
