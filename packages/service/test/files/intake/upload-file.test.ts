import { errorTable, type ProjectLimits } from '@custody/domain'
import t from 'tap'
import type { UploadPolicy } from '../../../src/files/files.ts'
import { startFiles } from '../start-files.ts'

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

const ofExtension = (extension: string, bytes: number, whose = "purpose 'paper'") =>
  new RegExp(`: extension '${extension}' of ${whose} takes at most ${bytes} bytes, and`)
const ofPurpose = (bytes: number, whose = '') =>
  new RegExp(`: purpose 'paper'${whose} takes at most ${bytes} bytes, and`)

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
    message: ofPurpose(25, " of dialect 'openai'"),
    policy: { purposes: { paper: { maxBytes: 25 } } },
  },
  {
    what: 'that of the extension in the dialect before the plugin’s',
    filename: 'a.md',
    most: 12,
    message: ofExtension('.md', 12, "dialect 'openai'"),
    policy: { extensions: { '.md': { maxBytes: 12 } } },
  },
  {
    what: 'that of the dialect where the plugin takes more',
    filename: 'a.txt',
    most: 15,
    message: /: dialect 'openai' takes at most 15 bytes, and/,
    policy: { maxFileBytes: 15 },
  },
  {
    what: 'that of the project for all files',
    filename: 'a.txt',
    most: 14,
    message: /: this project takes at most 14 bytes, and/,
    limits: { max_file_bytes: 14 },
  },
  {
    what: 'that of the project for the purpose before that',
    filename: 'a.txt',
    most: 13,
    message: ofPurpose(13, ' of this project'),
    limits: { max_file_bytes: 14, purposes: { paper: { max_bytes: 13 } } },
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

t.test('a dialect may offer some purposes only', async (t) => {
  const upload = await startFiles(t, {
    'p.mjs': source,
    'q.mjs': `export default { name: 'q', version: '1.0.0', api: 1, purposes: {
      plain: { direction: 'input' },
      here: { direction: 'input', dialects: ['openai'] },
      result: { direction: 'output' },
    } }`,
  })
  const policy = { onlyPurposes: ['plain'] }
  const to = (purpose: string) =>
    upload({ purpose, filename: 'a.txt', content: 'x' }, policy)

  t.match(await to('plain'), { purpose: 'plain' })
  t.match(await to('here'), { purpose: 'here' }, 'its plugin names the dialect')
  t.match(await to('result'), { purpose: 'result' }, 'keys of engines write output')
  await t.rejects(to('paper'), {
    key: 'invalid_purpose',
    message: "'paper' is not one of ['plain', 'here', 'result'] - 'purpose'",
  })
})

t.test('a dialect may bound the extensions of a purpose that takes any', async (t) => {
  const upload = await startFiles(t, {
    'q.mjs': `export default { name: 'q', version: '1.0.0', api: 1, purposes: {
      plain: { direction: 'input' },
      some: { direction: 'input', extensions: ['.md'] },
    } }`,
  })
  const extensions = ['.txt']
  const policy = { purposes: { plain: { extensions }, some: { extensions } } }
  const to = (purpose: string, filename: string) =>
    upload({ purpose, filename, content: 'x' }, policy)

  t.match(await to('plain', 'a.TXT'), { bytes: 1 })
  t.match(await to('some', 'a.md'), { bytes: 1 }, 'the plugin’s own are not widened')
  await t.rejects(to('plain', 'a.md'), {
    code: 'invalid_extension',
    message: /Must be \.txt$/,
  })
})

t.test('a dialect may take any purpose', async (t) => {
  const upload = await startFiles(t, {
    'p.mjs': source,
    'q.mjs': `export default { name: 'q', version: '1.0.0', api: 1,
      purposes: { elsewhere: {
        direction: 'input', dialects: ['gravix'], extensions: ['.q'],
        validate: () => { throw new Error('asked where it is not offered') },
      } },
      checks: { '*': { validate: (file) => file.purpose === 'bad'
        ? { ok: false, issues: [{ code: 'bad', message: 'Bad.' }], issueCounts: { bad: 1 } }
        : { ok: true, facts: {}, warnings: [] } } },
    }`,
  })
  const policy = { anyPurpose: { maxLength: 8 }, maxFileBytes: 50 }
  const any = (purpose: string, bytes = 5, limits: ProjectLimits = {}) =>
    upload({ purpose, filename: 'a.bin', content: 'x'.repeat(bytes) }, policy, limits)

  t.match(await any('training', 50), { purpose: 'training', bytes: 50 })
  t.match(await any('ältestes'), { purpose: 'ältestes' }, 'in characters, not bytes')
  await t.rejects(any('trainings'), {
    key: 'string_above_max_length',
    param: 'purpose',
    message: /at most 8 characters, but got 9/,
  })
  await t.rejects(any('a\nb'), { code: 'invalid_value', param: 'purpose' })
  await t.rejects(any('new', 51), {
    key: 'file_too_large',
    message: /dialect 'openai' takes at most 50 bytes/,
  })
  const limits = { purposes: { new: { max_bytes: 60 } } }
  t.match(await any('new', 60, limits), { bytes: 60 }, 'the project bounds what it names')
  await t.rejects(
    any('paper'),
    { code: 'invalid_extension' },
    'a plugin’s own is its own',
  )
  await t.rejects(any('bad'), { code: 'bad' }, 'the checks of every purpose look at it')
  const longer = { anyPurpose: { maxLength: 9 } }
  t.match(
    await upload({ purpose: 'elsewhere', filename: 'a', content: 'x' }, longer),
    { purpose: 'elsewhere' },
    'a purpose of other dialects is a name like any other',
  )
})
