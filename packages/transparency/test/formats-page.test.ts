import { readFile } from 'node:fs/promises'
import t from 'tap'
import {
  leafHash,
  openCheckpoint,
  openConsistencyProof,
  openReceipt,
  openTlogProof,
  parseVerifierKey,
} from '../src/index.ts'
import { merkleTreeHash } from './merkle/merkle-tree-hash.ts'

const page = await readFile(new URL('../../../docs/formats.md', import.meta.url), 'utf8')

function example(name: string): string {
  const [, text] =
    page.match(new RegExp(`^\`\`\`text ${name}\n([^]*?)^\`\`\`$`, 'm')) ?? []
  if (text === undefined) throw new Error(`the page has no example of a ${name}`)
  return text
}

t.test('the examples of the page on formats verify', async (t) => {
  const keys = [parseVerifierKey(example('vkey').trimEnd())]
  const leaves = ['{"n":1}', '{"n":2}', '{"n":3}'].map((record) =>
    leafHash(Buffer.from(record)),
  )
  const { checkpoint } = openCheckpoint(example('checkpoint'), keys)
  t.equal(checkpoint.size, 3)
  t.strictSame(checkpoint.root, merkleTreeHash(leaves))
  const second = leafHash(Buffer.from('{"n":2}'))
  t.equal(openTlogProof(example('tlog-proof'), second, keys).index, 1)
  const old = { size: 2, root: merkleTreeHash(leaves.slice(0, 2)) }
  t.equal(openConsistencyProof(example('consistency-proof'), old, keys).oldSize, 2)
  const receipt = openReceipt(example('receipt').trimEnd(), keys)
  t.match(receipt, {
    record: { type: 'FileUploaded', position: 2 },
    withheld: ['personal'],
  })
})
