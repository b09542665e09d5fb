/** The lines of a tlog-proof or of a consistency proof, cut at its first blank line. */
export type PlainProof = {
  /** Of the event, from 0; or the size of the log as it was. */
  readonly number: number
  readonly hashes: readonly Buffer[]
  /** The signed checkpoint. */
  readonly note: string
}

export function plainProof(text: string): PlainProof {
  const end = text.indexOf('\n\n')
  const [first = '', ...hashes] = text
    .slice(0, end)
    .split('\n')
    .filter((line) => line !== 'c2sp.org/tlog-proof@v1')
  return {
    number: Number(first.replace(/^(index|old) /, '')),
    hashes: hashes.map((line) => Buffer.from(line, 'base64')),
    note: text.slice(end + 2),
  }
}
