import { type ByteSource, createPluginFile } from '@custody/plugin-api/reader'
import { validate as run } from '@custody/plugin-api/testing'
import t from 'tap'
import { countTokens } from '../src/count-tokens.ts'
import plugin from '../src/index.ts'
import { SURELY_WITHIN_BYTES, validateAssistants } from '../src/validate-assistants.ts'

const MiB = 1024 * 1024
const MAX = 2_000_000
const { signal } = new AbortController()
const accepted = { ok: true, facts: {}, warnings: [] }

function validate(content: string | Uint8Array, name = 'notes.txt') {
  return run(plugin, content, { purpose: 'assistants', name })
}

/** Letters and digits in turn: a token each. */
function tokens(count: number): string {
  return 'x1'.repeat(count / 2) + 'x'.repeat(count % 2)
}

t.test('takes a text of exactly two million tokens, and not one more', async (t) => {
  const words = (count: number) => `${tokens(count - 100_000)}${' hello'.repeat(100_000)}`
  t.same(await validate(words(MAX)), { ...accepted, facts: { tokens: MAX } })
  t.match(await validate(words(MAX + 1)), {
    ok: false,
    issues: [
      { code: 'too_many_tokens', message: /2000001; at most 2000000 are allowed/ },
    ],
    issueCounts: { too_many_tokens: 1 },
  })
})

t.test('a text of more bytes than tokens are allowed may be good', async (t) => {
  t.same(await validate('token '.repeat(500_000)), {
    ...accepted,
    facts: { tokens: 500_001 },
  })
})

t.test('the name says nothing about the content', async (t) => {
  const content = tokens(MAX + 1)
  for (const name of ['data.bin', 'a.pdf', 'README', 'a.docx']) {
    t.match(await validate(content, name), { ok: false }, name)
  }
})

t.test('UTF-16 is counted as the text that it is', async (t) => {
  const swapped = (content: string) => Buffer.from(content, 'utf16le').swap16()
  const good = `\ufeff${'token '.repeat(500_000)}`
  const facts = { tokens: 500_001 }
  t.match(await validate(Buffer.from(good, 'utf16le')), { ok: true, facts })
  t.match(await validate(swapped(good)), { ok: true, facts })
})

t.test('a text in UTF-16 can have more tokens than bytes', async (t) => {
  const content = Buffer.from(`\ufeff${'\ua66e'.repeat(700_000)}`, 'utf16le')
  t.ok(content.length < MAX)
  t.match(await validate(content), {
    issues: [{ code: 'too_many_tokens', message: /first \d+ of 1400002 bytes/ }],
  })
})

for (const [what, start] of [
  ['NUL', 'PK\x03\x04\x14\x00'],
  ['invalid UTF-8', Buffer.from([0x89, 0x50, 0x4e, 0x47])],
  ['a PDF in ASCII', '%PDF-1.7\n'],
  ['PostScript', '%!PS-Adobe-3.0\n'],
  ['RTF', '{\\rtf1\\ansi '],
] as const) {
  t.test(`what is no text is not counted: ${what}`, async (t) => {
    const content = Buffer.concat([Buffer.from(start), Buffer.from(tokens(MAX + 1))])
    t.same(await validate(content), accepted)
  })
}

t.test('what turns out to be no text is taken uncounted', async (t) => {
  const text = tokens(MAX)
  for (const end of [[0], [0xc3, 0x28], [0xe2, 0x82]]) {
    const content = Buffer.concat([Buffer.from(text), Buffer.from(end)])
    t.same(await validate(content), accepted, `ends in ${end}`)
  }
})

t.test('a character that lies across two reads is no broken one', async (t) => {
  const content = `${'x'.repeat(64 * 1024 - 1)}${'é1'.repeat(700_000)}`
  t.match(await validate(content), { ok: true, facts: { tokens: /\d+/ } })
})

function watched(size: number, read: (start: number, end: number) => Uint8Array) {
  let furthest = 0
  const source: ByteSource = {
    size,
    read(start, end) {
      furthest = Math.max(furthest, Math.min(end, size))
      return read(start, Math.min(end, size))
    },
  }
  const file = createPluginFile(source, { name: 'a.txt', purpose: 'assistants', signal })
  return { file, read: () => furthest }
}

t.test('a file that cannot be beyond the bound is not even looked at', async (t) => {
  t.equal(plugin.purposes?.assistants?.validateFrom, SURELY_WITHIN_BYTES + 1)
  const threeTokensInTwoBytes = '\ua66e'
  const most = `\ufeff${threeTokensInTwoBytes.repeat(SURELY_WITHIN_BYTES / 2)}`
  const content = Buffer.from(most, 'utf16le')
  t.match(await validate(content), { ok: true, facts: { tokens: 1_999_998 } })
})

t.test('of a text that fits by its size only the start is read', async (t) => {
  const { file, read } = watched(MAX, (start, end) => Buffer.alloc(end - start, 'x1'))
  t.same(await validateAssistants(file), accepted)
  t.ok(read() <= 64 * 1024)
})

t.test(
  'of a large file only as much is read as shows that it is too large',
  async (t) => {
    const { file, read } = watched(512 * MiB, (start, end) =>
      Buffer.alloc(end - start, 'x1'),
    )
    t.match(await validateAssistants(file), { ok: false })
    t.ok(read() <= MAX + 128 * 1024, `${read()} bytes were read`)
  },
)

t.test('blanks, 128 of which are one token, are counted to the bound', async (t) => {
  const block = Buffer.alloc(64 * 1024, ' ')
  let blocks = 0
  async function* blanks() {
    for (;;) {
      blocks += 1
      yield block
    }
  }
  const count = await countTokens(blanks(), 'utf-8', 20_000)
  t.match(count, { tokens: 20_480, bytes: blocks * block.length })
})
