import { canonicalJson } from '../canonical-json.ts'
import { decodeBase64, encodeBase64 } from '../text/base64.ts'
import { MalformedError } from '../text/malformed-error.ts'
import { readText } from '../text/read-text.ts'

/** One event of a log with all that is needed to believe it: kept by whoever it concerns, verified without the log. */
export type Receipt = {
  /** The event's record: the text that is hashed. */
  readonly record: string
  /** That the record is in the log: a tlog-proof with its checkpoint. */
  readonly proof: string
  /** Private groups that the record commits to, as far as they are shown, by name. */
  readonly private: Readonly<Record<string, PrivateGroup>>
}

/** What a commitment in a record is of. */
export type PrivateGroup = {
  /** 16 bytes. */
  readonly salt: Uint8Array
  /** JSON. */
  readonly body: unknown
}

const version = 1
const maxReceiptBytes = 8 * 1024 * 1024
const form = 'canonical JSON of v, record, proof and private'

/**
 * Writes a receipt: canonical JSON, without a newline at its end.
 * @throws TypeError if a body has no canonical JSON
 */
export function formatReceipt({ record, proof, private: groups }: Receipt): string {
  const shown = Object.entries(groups).map(([name, { salt, body }]) => [
    name,
    { salt: encodeBase64(salt), body },
  ])
  return canonicalJson({
    v: version,
    record,
    proof,
    private: Object.fromEntries(shown),
  })
}

/**
 * Reads a receipt and verifies nothing. Each receipt has one text: `formatReceipt` gives the same again.
 * @throws MalformedError for anything that is not exactly of the form
 */
export function parseReceipt(input: string | Uint8Array): Receipt {
  const text = readText('receipt', input, maxReceiptBytes)
  const value = parseCanonical('receipt', text)
  const { v, record, proof, private: groups, ...more } = asObject('receipt', value)
  if (
    v !== version ||
    typeof record !== 'string' ||
    typeof proof !== 'string' ||
    Object.keys(more).length > 0
  ) {
    throw new MalformedError('receipt', form)
  }
  const shown = Object.entries(asObject('private groups of a receipt', groups))
  return { record, proof, private: Object.fromEntries(shown.map(parseGroup)) }
}

function parseGroup([name, value]: [string, unknown]): [string, PrivateGroup] {
  const { salt, body, ...more } = asObject(`private group of a receipt`, value)
  if (typeof salt !== 'string' || body === undefined || Object.keys(more).length > 0) {
    throw new MalformedError('private group of a receipt', 'salt and body', name)
  }
  return [name, { salt: decodeBase64('salt', salt), body }]
}

/**
 * Reads canonical JSON.
 * @throws MalformedError where the text is not the one that canonical JSON gives its value
 */
export function parseCanonical(what: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (canonicalJson(value) === text) return value
  } catch (error) {
    // No JSON at all, or a value that has no canonical form.
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error
  }
  throw new MalformedError(what, 'canonical JSON', text)
}

/** @throws MalformedError where it is not a JSON object */
export function asObject(what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedError(what, 'a JSON object')
  }
  return { ...value }
}
