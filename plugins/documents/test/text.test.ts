import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'

const WINDOW = 64 * 1024
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

const unicode: readonly (readonly [what: string, content: Buffer, encoding: string])[] = [
  ['ASCII', Buffer.from('a,b\n1,2\n'), 'utf-8'],
  ['UTF-8', Buffer.from('Grüße 漢字 🎈'), 'utf-8'],
  ['UTF-8 with a mark', Buffer.from('\ufeffGrüße'), 'utf-8'],
  [
    'characters that lie across two reads',
    Buffer.from(`${'x'.repeat(WINDOW - 1)}🎈`),
    'utf-8',
  ],
  ['control characters other than NUL', Buffer.from('\x01a\x1b[1mb\x7f'), 'utf-8'],
  ['a start that some binary formats have', Buffer.from('BMW MZ GIF'), 'utf-8'],
  ['UTF-16, little end first', utf16('Grüße 🎈'), 'utf-16le'],
  ['UTF-16, big end first', utf16('Grüße 🎈').swap16(), 'utf-16be'],
]

for (const [what, content, encoding] of unicode) {
  t.test(`takes a text of ${what}`, async (t) => {
    for (const name of ['a.txt', 'a.md', 'a.html', 'a.csv']) {
      const verdict = await validate(plugin, content, { name })
      t.match(verdict, { ok: true, facts: { encoding }, warnings: [] }, name)
      if (verdict.ok) t.equal(verdict.warnings.length, 0)
    }
  })
}

const legacy: readonly (readonly [what: string, content: Buffer, encoding: string])[] = [
  ['Latin-1', Buffer.from('Grüße', 'latin1'), 'iso-8859-1'],
  ['Latin-1 with a start like a bitmap’s', Buffer.from('BM für', 'latin1'), 'iso-8859-1'],
  ['Windows-1252', Buffer.from('\x84Gr\xfc\xdfe\x93', 'latin1'), 'windows-1252'],
  ['Shift JIS', Buffer.from('8abf8e9a8141', 'hex'), 'unknown-8bit'],
]

for (const [what, content, encoding] of legacy) {
  t.test(`takes a text of ${what}, with a warning`, async (t) => {
    t.match(await validate(plugin, content, { name: 'a.csv' }), {
      ok: true,
      facts: { encoding },
      warnings: [{ code: 'text_not_unicode' }],
    })
  })
}

const long = Buffer.alloc(3 * WINDOW, 'x')
const refused: readonly (readonly [what: string, content: Buffer, message: RegExp])[] = [
  ['a NUL', Buffer.from('a\0b'), /binary/],
  ['a NUL at its very end', Buffer.concat([long, Buffer.alloc(1)]), /binary/],
  ['a NUL in UTF-16', utf16('a\0b'), /binary/],
  ['UTF-16 without a mark', Buffer.from('abc', 'utf16le'), /binary/],
  ['half a character of UTF-16', utf16('abc').subarray(0, -1), /not the utf-16le text/],
  ['half a pair of surrogates', utf16('\ud83c!'), /not the utf-16le text/],
  [
    'a mark of UTF-8 and other bytes',
    Buffer.from('efbbbfff', 'hex'),
    /not the utf-8 text/,
  ],
  ['Latin-1 with control characters', Buffer.from('\xfc\x01', 'latin1'), /control/],
  [
    'Latin-1 with control characters far away',
    Buffer.concat([Buffer.from([0xfc]), long, Buffer.from([0x7f])]),
    /control/,
  ],
  ['an image without a NUL', Buffer.from('ffd8ffe14142', 'hex'), /of type image\/jpeg/],
  ['the start of PostScript', Buffer.from('%!PS-Adobe-3.0\n'), /of type .*postscript/],
  ['the start of RTF behind a mark', Buffer.from('\ufeff{\\rtf1}'), /of type .*rtf/],
]

for (const [what, content, message] of refused) {
  t.test(`refuses a text with ${what}`, async (t) => {
    t.match(await validate(plugin, content, { name: 'a.txt' }), {
      ok: false,
      issues: [{ code: 'unsupported_media_type', message }],
    })
  })
}
