import { errorTable, type ProjectLimits } from '@custody/domain'
import t from 'tap'
import type { UploadPolicy } from '../../src/types.ts'
import { startFiles } from './start-files.ts'

/** `paper` has bounds; `picky` refuses every file for the codes that its content lists. */
const source = `
  const refuse = (codes) => ({
    ok: false,
    issues: codes.map((code) => ({ code, message: 'It is ' + code + '.' })),
    issueCounts: Object.fromEntries(codes.map((code) => [code, 1])),
  })
  export default { name: 'p', version: '1.0.0', api: 1, purposes: {
    paper: {
      direction: 'input', extensions: ['.txt', '.md'],
      maxBytes: 20, maxBytesByExtension: { '.md': 10, '.txt': 30 },
    },
    picky: {
      direction: 'input',
      async validate(file) {
        return refuse(Buffer.from(await file.head(100)).toString().split(' '))
      },
    },
  } }`

const ofExtension = (extension: string, bytes: number) =>
  new RegExp(`: extension '${extension}' takes at most ${bytes} bytes`)
const ofPurpose = (bytes: number) =>
  new RegExp(`: purpose 'paper' takes at most ${bytes} bytes`)

const bounds: readonly {
  readonly what: string
  readonly filename: string
  readonly most: number
  readonly message: RegExp
  readonly policy?: Partial<UploadPolicy>
  readonly limits?: ProjectLimits
}[] = [
  {
    what: 'that of its extension where it is smaller',
    filename: 'a.MD',
    most: 10,
    message: ofExtension('.md', 10),
  },
  {
    what: 'that of its purpose where that is smaller',
    filename: 'a.txt',
    most: 20,
    message: ofPurpose(20),
  },
  {
    what: 'that of the extension, however much the project allows the purpose',
    filename: 'a.txt',
    most: 30,
    message: ofExtension('.txt', 30),
    limits: { purposes: { paper: { max_bytes: 500 } } },
  },
  {
    what: 'that of the purpose in the dialect before the plugin’s',
    filename: 'a.txt',
    most: 25,
    message: ofPurpose(25),
    policy: { purposes: { paper: { maxBytes: 25 } } },
  },
  {
    what: 'that of the extension in the dialect before the plugin’s',
    filename: 'a.md',
    most: 12,
    message: ofExtension('.md', 12),
    policy: { extensions: { '.md': { maxBytes: 12 } } },
  },
]

t.test('the bound of a file', async (t) => {
  const upload = await startFiles(t, { 'p.mjs': source })
  for (const { what, filename, most, message, policy, limits } of bounds) {
    t.test(`is ${what}`, async (t) => {
      const paper = (bytes: number) =>
        upload({ purpose: 'paper', filename, content: 'x'.repeat(bytes) }, policy, limits)
      t.match(await paper(most), { bytes: most })
      await t.rejects(paper(most + 1), { key: 'file_too_large', param: 'file', message })
      await t.rejects(paper(most + 1), { message: `and this one has ${most + 1}.` })
    })
  }
})

t.test(
  'an extension that the dialect does not know is an unsupported type',
  async (t) => {
    const upload = await startFiles(t, { 'p.mjs': source })
    const policy = { knownExtensions: ['.txt', '.md', '.pdf'] }
    const paper = (filename: string) =>
      upload({ purpose: 'paper', filename, content: 'x' }, policy)

    for (const filename of ['a.exe', 'a', '.pdf', 'a.pdf.']) {
      await t.rejects(paper(filename), {
        key: 'unsupported_file_type',
        code: 'unsupported_media_type',
        param: 'file',
        message: /Must be \.txt, \.md, \.pdf$/,
      })
    }
    await t.rejects(paper('a.pdf'), { code: 'invalid_extension' })
    t.match(await paper('a.TXT'), { bytes: 1 })
    t.equal(errorTable.unsupported_file_type.status, 415)
  },
)

t.test(
  'a refusal whose first code is unsupported_media_type has its status',
  async (t) => {
    const upload = await startFiles(t, { 'p.mjs': source })
    const picky = (content: string) =>
      upload({ purpose: 'picky', filename: 'a', content })

    await t.rejects(picky('unsupported_media_type odd'), {
      key: 'unsupported_file_type',
      code: 'unsupported_media_type',
      message: 'It is unsupported_media_type. (and 1 more issue)',
      extra: { plugin: 'p', issue_counts: { unsupported_media_type: 1, odd: 1 } },
    })
    await t.rejects(picky('odd unsupported_media_type'), {
      key: 'validation_failed',
      code: 'odd',
    })
  },
)
