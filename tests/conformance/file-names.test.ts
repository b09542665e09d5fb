import { startServer } from '@custody/testkit'
import t from 'tap'

const { api } = await startServer(t)

/** `filename` as it stands between the quotes of the part's header. */
const uploadNamed = (filename: string) =>
  api.upload([
    { name: 'purpose', content: 'user_data' },
    { name: 'file', content: 'Hello', filename },
  ])

const kept = {
  'raw UTF-8': ['数据 für alle.txt', '数据 für alle.txt'],
  'decomposed letters, which become NFC': ['u\u0308ber.txt', '\u00fcber.txt'],
  'a quote, as browsers encode it': ['say %22hi%22.txt', 'say "hi".txt'],
  'a percent sign that encodes nothing': ['100%25 %41.txt', '100%25 %41.txt'],
  'a path, of which the basename stays': ['../../etc/passwd', 'passwd'],
  'a path of Windows': ['C:\\temp\\a.txt', 'a.txt'],
  'a leading dot': ['.env', '.env'],
  '255 bytes': [`${'n'.repeat(251)}.txt`, `${'n'.repeat(251)}.txt`],
} as const

for (const [what, [sent, filename]] of Object.entries(kept)) {
  t.test(`file name: ${what}`, async (t) => {
    const file = (await uploadNamed(sent)).json()
    t.equal(file.filename, filename)
    t.equal((await api.get(file.id)).json().filename, filename)
  })
}

const refused = {
  'a line end, as browsers encode it': 'a%0D%0Ab.txt',
  'a C1 control character': 'a\u0085b.txt',
  'over 255 bytes': `${'n'.repeat(252)}.txt`,
  'over 255 bytes of UTF-8': '数'.repeat(86),
  'a path that ends in its separator': 'folder/',
  'the parent folder': '..',
} as const

for (const [what, sent] of Object.entries(refused)) {
  t.test(`file name: ${what} is 400`, async (t) => {
    t.match((await uploadNamed(sent)).error(), {
      status: 400,
      code: 'invalid_file_name',
      param: 'file',
    })
  })
}

t.test('file name: a raw control character makes the form malformed', async (t) => {
  const answer = await uploadNamed('a\u0001b.txt')
  t.match(answer.error(), { status: 400, code: 'invalid_multipart' })
})

t.test('file name: a part with an empty name is no file', async (t) => {
  t.match((await uploadNamed('')).error(), {
    status: 400,
    code: 'invalid_type',
    param: 'file',
    message: /expected a file part with a filename/,
  })
})
