import { accept, type PluginFile, reject, type Verdict } from '@custody/plugin-api'
import { countTokens } from './count-tokens.ts'
import type { IssueCode } from './issue-codes.ts'
import { PROBE_BYTES, textEncodingOf } from './text-encoding.ts'

/** Tokens of o200k_base that a text may have. https://platform.openai.com/docs/api-reference/files/create */
export const MAX_TOKENS = 2_000_000

/**
 * Up to this size any text is within the bound: a token has at least one byte of UTF-8, and of those a text in UTF-16 has
 * three where it takes two.
 */
export const SURELY_WITHIN_BYTES = Math.floor((MAX_TOKENS * 2) / 3)

/**
 * Takes anything but a text of more than {@link MAX_TOKENS}; only what may be one is read. Files of at most
 * {@link SURELY_WITHIN_BYTES} are not handed to it.
 */
export async function validateAssistants(file: PluginFile): Promise<Verdict> {
  const encoding = textEncodingOf(await file.head(PROBE_BYTES))
  if (encoding === undefined) return accept()
  if (encoding === 'utf-8' && file.size <= MAX_TOKENS) return accept()
  const count = await countTokens(file.bytes(), encoding, MAX_TOKENS)
  if (count === undefined) return accept()
  return count.tokens <= MAX_TOKENS
    ? accept({ tokens: count.tokens })
    : reject(tooManyTokens(count, file.size))
}

function tooManyTokens(
  { tokens, bytes }: { tokens: number; bytes: number },
  size: number,
) {
  const counted =
    bytes < size
      ? `its first ${bytes} of ${size} bytes have ${tokens}`
      : `it has ${tokens}`
  const code: IssueCode = 'too_many_tokens'
  return {
    code,
    message: `The text has too many tokens: ${counted}; at most ${MAX_TOKENS} are allowed (encoding o200k_base).`,
  }
}
