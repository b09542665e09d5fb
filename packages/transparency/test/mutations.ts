import fc from 'fast-check'

/** Every way to change a text of lines by one bit, byte or line. Never the text itself. */
export function mutatedTexts(text: string): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(text)
  const lines = text.split('\n')
  const at = fc.nat({ max: bytes.length - 1 })
  const line = fc.nat({ max: lines.length - 1 })
  const cutting = at.map((at) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
  )
  const adding = fc
    .tuple(at, fc.nat({ max: 255 }))
    .map(([at, byte]) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]),
    )
  const ending = at.map((at) => bytes.subarray(0, at))
  const swapping = fc.tuple(line, line).map(([one, other]) => {
    const swapped = lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '')
    return Buffer.from(swapped.join('\n'))
  })
  const dropping = line.map((at) => Buffer.from(lines.toSpliced(at, 1).join('\n')))
  const doubling = line.map((at) =>
    Buffer.from(lines.toSpliced(at, 0, lines[at] ?? '').join('\n')),
  )
  const inserting = fc
    .tuple(
      line,
      fc.constantFrom('', ' ', 'a line', `${'A'.repeat(43)}=`, '\ufeff', '— a AAAAAAA='),
    )
    .map(([at, added]) => Buffer.from(lines.toSpliced(at, 0, added).join('\n')))
  const recoding = fc
    .constantFrom(
      text.replaceAll('\n', '\r\n'),
      `\ufeff${text}`,
      `${text}\n`,
      `\n${text}`,
      text.replaceAll('=', ''),
      text.replaceAll('+', '-').replaceAll('/', '_'),
      text.replaceAll(' ', '  '),
      text.toUpperCase(),
      text.normalize('NFKD').replace('—', '--'),
    )
    .map((changed) => Buffer.from(changed))
  return fc
    .oneof(cutting, adding, ending, swapping, dropping, doubling, inserting, recoding)
    .filter((mutated) => !mutated.equals(bytes))
}

/** The text with each of its bits flipped in turn. */
export function* flippedBits(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = Buffer.from(bytes)
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield copy
  }
}

/** Texts that no grammar wrote, and some that nearly did. */
export function anyText(...pieces: string[]): fc.Arbitrary<string | Uint8Array> {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\n\n', ' ', '+', '0', '12', 'AAAA', '— ', ...pieces),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  const text = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''))
  return fc.oneof(
    text,
    text.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }),
  )
}
