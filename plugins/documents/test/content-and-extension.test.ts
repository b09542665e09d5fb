import { check, validate } from '@custody/plugin-api/testing'
import t from 'tap'
import { allTypes, documentTypes } from '../src/file-types.ts'
import plugin from '../src/index.ts'
import { type Sample, samples } from './samples.ts'

/** The extensions that each content may have; all others contradict it. */
const extensionsOf: Readonly<Record<Sample, readonly string[]>> = {
  pdf: ['.pdf'],
  docx: ['.docx'],
  xlsx: ['.xlsx'],
  doc: ['.doc'],
  xls: [],
  encrypted: ['.docx', '.xlsx'],
  zip: [],
  text: ['.txt', '.md', '.html', '.csv'],
  rtf: [],
  png: ['.png'],
  jpeg: ['.jpg', '.jpeg'],
  gif: ['.gif'],
  webp: ['.webp'],
  bmp: [],
  exe: [],
  mp3: ['.mp3'],
  taggedMp3: ['.mp3'],
  mp4: ['.mp4', '.m4a'],
  m4a: ['.mp4', '.m4a'],
  heic: [],
  wav: ['.wav'],
  webm: ['.webm'],
  mkv: [],
}

for (const [name, content] of Object.entries(samples)) {
  t.test(`${name} is taken under its own extensions only`, async (t) => {
    const taken: string[] = []
    for (const [extension, { mediaType }] of Object.entries(allTypes)) {
      const verdict = await check(plugin, content, { name: `a${extension}` })
      if (verdict.ok) {
        taken.push(extension)
        t.equal(verdict.facts.media_type, mediaType)
      } else {
        t.match(verdict.issues, [{ code: 'unsupported_media_type' }], extension)
        t.ok(verdict.issues[0]?.message.includes(`the name ends in '${extension}'`))
      }
    }
    t.strictSame(taken.sort(), extensionsOf[name as Sample].toSorted())
  })
}

t.test('the purpose sees documents and images as the check does', async (t) => {
  for (const [name, content] of Object.entries(samples)) {
    for (const extension of Object.keys(documentTypes)) {
      const options = { name: `${name}${extension}` }
      t.strictSame(
        await validate(plugin, content, options),
        await check(plugin, content, options),
        options.name,
      )
    }
  }
})

t.test('an extension outside the table is an unsupported type', async (t) => {
  for (const name of ['a.exe', 'a', '.pdf', 'a.pdf.zip', 'a.constructor', 'a.jsonl']) {
    const verdict = await check(plugin, samples.pdf, { name })
    t.match(verdict, { ok: false, issues: [{ code: 'unsupported_media_type' }] }, name)
  }
  t.match(await validate(plugin, samples.mp3, { name: 'a.mp3' }), {
    ok: false,
    issues: [{ message: /ends in '\.mp3'\. Must be \.pdf, .*, \.webp\.$/ }],
  })
  t.match(await validate(plugin, samples.pdf, { name: 'A.PDF' }), { ok: true })
})

t.test('the message says what the content is', async (t) => {
  for (const [name, content, what] of [
    ['a.pdf', samples.docx, /of type .*wordprocessingml/],
    ['a.docx', samples.xlsx, /that of a '\.xlsx' document/],
    ['a.docx', samples.zip, /a ZIP archive/],
    ['a.docx', samples.xls, /an Excel workbook \(\.xls\)/],
    ['a.doc', samples.rtf, /of type application\/rtf/],
    ['a.txt', samples.pdf, /of type application\/pdf/],
    ['a.png', samples.text, /of no known type/],
    ['a.gif', Buffer.from('GIFts for all'), /of no known type/],
  ] as const) {
    const verdict = await validate(plugin, content, { name })
    t.match(verdict, { ok: false, issues: [{ message: what }] }, name)
  }
})

t.test('the purpose is declared with its extensions and sizes', async (t) => {
  const MiB = 2 ** 20
  t.match(plugin.purposes, {
    document: {
      direction: 'input',
      dialects: ['gateflow'],
      extensions: Object.keys(documentTypes),
      maxBytes: 50 * MiB,
      maxBytesByExtension: { '.pdf': 50 * MiB, '.md': 10 * MiB, '.jpeg': 20 * MiB },
    },
  })
  t.strictSame(Object.keys(plugin.checks ?? {}), ['assistants'])
  t.strictSame(plugin.checks?.assistants?.dialects, ['gateflow'])
})
