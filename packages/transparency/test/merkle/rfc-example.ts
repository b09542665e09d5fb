import { createHash } from 'node:crypto'

const sha256 = (...parts: Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest()
const leaf = (index: number) => sha256(Buffer.of(0), Buffer.from(`d${index}`))
const node = (left: Buffer, right: Buffer) => sha256(Buffer.of(1), left, right)

const [a, b, c, d] = [leaf(0), leaf(1), leaf(2), leaf(3)]
const [e, f, j] = [leaf(4), leaf(5), leaf(6)]
const [g, h, i] = [node(a, b), node(c, d), node(e, f)]
const [k, l] = [node(g, h), node(i, j)]
const nodes = { a, b, c, d, e, f, g, h, i, j, k, l, hash: node(k, l) }
type Names = readonly (keyof typeof nodes)[]

/**
 * The example of RFC 6962: a tree of seven leaves, its nodes by the letters that the RFC gives them.
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1.3
 */
export const rfcExample = {
  leaves: [a, b, c, d, e, f, j],
  nodes,
  /** The audit paths by leaf. */
  inclusion: [
    [0, ['b', 'h', 'l']],
    [3, ['c', 'g', 'l']],
    [4, ['f', 'j', 'k']],
    [6, ['i', 'k']],
  ] satisfies readonly (readonly [number, Names])[],
  /** The consistency proofs from each size to 7. */
  consistency: [
    [3, ['c', 'd', 'g', 'l']],
    [4, ['l']],
    [6, ['i', 'j', 'k']],
  ] satisfies readonly (readonly [number, Names])[],
}
