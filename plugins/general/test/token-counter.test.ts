import assert from 'node:assert/strict'
import fc from 'fast-check'
import { countTokens as referenceCount } from 'gpt-tokenizer/encoding/o200k_base'
import t from 'tap'
import { lastSafeCut } from '../src/last-safe-cut.ts'
import { MAX_RUN, TokenCounter } from '../src/token-counter.ts'
import { loadVocabulary } from '../src/vocabulary.ts'

const vocabulary = await loadVocabulary()

function reference(text: string): number {
  return referenceCount(text, { disallowedSpecial: new Set() })
}

function counted(parts: readonly string[]): number {
  const counter = new TokenCounter(vocabulary)
  for (const part of parts) counter.add(part)
  return counter.end()
}

/** What is between two cuts, in the order of the text; a cut within a surrogate pair moves behind it. */
function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = cuts
    .map((cut) => cut % (text.length + 1))
    .map((at) => (/^[\udc00-\udfff]/.test(text.slice(at)) ? at + 1 : at))
    .sort((a, b) => a - b)
  return [0, ...places].map((at, i) => text.slice(at, places[i] ?? text.length))
}

const words = fc.constantFrom(
  ...[
    'the',
    'Hello',
    'WORLD',
    "it's",
    "I'LL",
    "we'Re",
    "'s",
    "'",
    "''",
    "d'l",
    'camelCase',
  ],
  ...['ABCdef', 'Straße', 'naïve', 'ne\u0301e', '\u0301', 'ﬁx', 'Ǆǆǅ', 'ʰa', 'ſ', "x'ſ"],
  ...['漢字', '漢ABc', 'ひらがな', '한국어', 'ภาษาไทย', 'हिन्दी', 'العربية', '、', '。'],
  ...['1', '12', '123', '4567', '٣', '½', 'x1', '3.14', '1,000'],
  ...['!', '!!', '...', '/', '//', '</a>', '{"a":', '\\n', '-'.repeat(20), '=', '_'],
  ...['😀', '👩‍👩‍👧', '🏽', '🇩🇪', '\u200d', '\ufe0f', '\ufffd', '𝄞', '𝐀'],
  ...['<|endoftext|>', '<|im_start|>', '\u00ad', '\u0085', '\u0000'],
)
const blanks = fc.constantFrom(
  ...[' ', '  ', '    ', '\t', '\n', '\r\n', '\r', '\n\n', '\n/', ' \n', '\n ', '  \n  '],
  ...['\u00a0', '\u3000', '\u2028', '\v', '\f', ' '.repeat(100)],
)
const text = fc
  .array(fc.oneof(words, blanks, fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 40,
  })
  // The reference loses a byte order mark within a text, which the vocabulary has as a token.
  .map((parts) => parts.join('').toWellFormed().replaceAll('\ufeff', ''))

t.test('a text that comes in parts has the tokens of the whole', async () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), (whole, cuts) => {
      assert.equal(counted(cutAt(whole, cuts)), reference(whole))
    }),
    { numRuns: 3000 },
  )
})

t.test('a safe cut is safe with any continuation', async () => {
  const pieces = (part: string) => part.match(vocabulary.piecePattern) ?? []
  fc.assert(
    fc.property(text, text, (seen, continuation) => {
      const cut = lastSafeCut(seen)
      fc.pre(cut > 0)
      const whole = seen + continuation
      assert.deepEqual(
        [...pieces(whole.slice(0, cut)), ...pieces(whole.slice(cut))],
        [...pieces(whole)],
      )
    }),
    { numRuns: 2000 },
  )
})

t.test('each place where a piece surely ends is found', async (t) => {
  for (const [before, after] of [
    ['word', ' word'],
    ['word', '\n '],
    ['word', '.'],
    ['word', '1'],
    ['漢字', '、'],
    ["'abc", "',"],
    ['123', 'abc'],
    ['!!', ' abc'],
    ['line\n', 'abc'],
    ['}\r\n', '}'],
    ['𝐀', '\u{1f600}'],
  ] as const) {
    t.equal(lastSafeCut(before + after), before.length, JSON.stringify(before + after))
  }
})

t.test('a place where a piece may go on is not cut', async (t) => {
  for (const joined of [
    "it's",
    'ab',
    '12',
    '  ',
    '\n\n',
    '!\n',
    '\n/',
    ' a',
    'a\u0301',
  ]) {
    t.equal(lastSafeCut(joined), 0, JSON.stringify(joined))
  }
})

t.test('a long run is encoded as byte pair encoding has it', async (t) => {
  for (const unit of ['a', 'ab', 'ACGT', '漢', ' ', '\n', '-', '😀', 'é', 'lorem']) {
    const run = unit.repeat(1500)
    t.equal(counted([run]), reference(run), JSON.stringify(unit))
  }
})

t.test(
  'a run without a safe cut costs bounded memory, and its count is hardly off',
  async (t) => {
    const letters = 'etaoinshrdlu'
    const run = Array.from(
      { length: 4 * MAX_RUN },
      (_, i) => letters[(i * i + 7 * i) % 12],
    )
    const parts = Array.from({ length: 8 }, (_, i) =>
      run.slice((i * MAX_RUN) / 2, ((i + 1) * MAX_RUN) / 2).join(''),
    )
    const whole = counted([run.join('')])
    const inBlocks = counted(parts)
    t.ok(Math.abs(inBlocks - whole) <= 8, `${inBlocks} in place of ${whole}`)
  },
)
