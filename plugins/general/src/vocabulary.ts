import { Buffer } from 'node:buffer'

/** The vocabulary of o200k_base, the encoding of the GPT-4o models and later. */
export type Vocabulary = {
  /**
   * The rank of each token. A key is a token's bytes as Latin-1, one character for each byte: tokens may end in
   * the middle of a character.
   */
  readonly rankOf: ReadonlyMap<string, number>
  /** Splits a text into the pieces that are encoded one by one. */
  readonly piecePattern: RegExp
  /** Bytes of the longest token. */
  readonly longestToken: number
}

let loading: Promise<Vocabulary> | undefined

/** Loads the vocabulary when it is first needed: most files never come near the bound. */
export function loadVocabulary(): Promise<Vocabulary> {
  loading ??= load()
  return loading
}

async function load(): Promise<Vocabulary> {
  const [{ default: tokens }, { O200K_TOKEN_SPLIT_REGEX: piecePattern }] =
    await Promise.all([
      import('gpt-tokenizer/bpeRanks/o200k_base'),
      import('gpt-tokenizer/encodingParams/constants'),
    ])
  const rankOf = new Map<string, number>()
  let longestToken = 0
  for (const [rank, token] of tokens.entries()) {
    const bytes = asLatin1(token)
    rankOf.set(bytes, rank)
    longestToken = Math.max(longestToken, bytes.length)
  }
  return { rankOf, piecePattern, longestToken }
}

/** A token that is not whole characters is a list of bytes. */
function asLatin1(token: string | readonly number[]): string {
  return typeof token === 'string'
    ? utf8AsLatin1(token)
    : Buffer.from(token).toString('latin1')
}

/** The bytes that a text has in UTF-8, one character for each. */
export function utf8AsLatin1(text: string): string {
  const isAscii = Buffer.byteLength(text) === text.length
  return isAscii ? text : Buffer.from(text).toString('latin1')
}
