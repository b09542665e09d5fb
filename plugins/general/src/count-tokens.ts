import { type TextEncoding, textDecoder } from './text-encoding.ts'
import { TokenCounter } from './token-counter.ts'
import { loadVocabulary } from './vocabulary.ts'

export type TokenCount = {
  /** All tokens of the text; where they are more than the bound, those up to where that was seen. */
  readonly tokens: number
  /** Bytes that were read for it. */
  readonly bytes: number
}

/**
 * Counts the tokens of a text, and stops soon after `bound` is passed. Undefined where it turns out on the way that it
 * is no text.
 */
export async function countTokens(
  chunks: AsyncIterable<Uint8Array>,
  encoding: TextEncoding,
  bound: number,
): Promise<TokenCount | undefined> {
  const counter = new TokenCounter(await loadVocabulary())
  const decode = textDecoder(encoding)
  let bytes = 0
  for await (const chunk of chunks) {
    const text = decode(chunk)
    if (text === undefined) return undefined
    bytes += chunk.length
    counter.add(text)
    if (counter.tokens > bound) return { tokens: counter.tokens, bytes }
  }
  return decode() === undefined ? undefined : { tokens: counter.end(), bytes }
}
