import t from 'tap'
import { file, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startServer } from '../support/start-server.ts'

const accepted: Readonly<Record<string, string>> = {
  'plain.jsonl': 'plain.jsonl',
  '数据.jsonl': '数据.jsonl',
  '../../etc/passwd': 'passwd',
  'C:\\\\Users\\\\me\\\\b.jsonl': 'b.jsonl',
  'say %22hi%22.txt': 'say "hi".txt',
  '100%25.txt': '100%25.txt',
  'cafe\u0301.txt': 'café.txt',
  ['n'.repeat(255)]: 'n'.repeat(255),
  '...': '...',
}

const refused: Readonly<Record<string, string>> = {
  'over 255 bytes': 'n'.repeat(256),
  'over 255 bytes in UTF-8': '数'.repeat(86),
  'with a line break': 'a%0D%0Ab.txt',
  'with a C1 control character': 'a\u0085b.txt',
  'that is a folder': 'folder/',
  'that is the parent folder': 'x/..',
  'that is empty': '',
}

for (const chunked of [false, true]) {
  const length = chunked ? 'chunked' : 'with a length'
  for (const [sent, kept] of Object.entries(accepted)) {
    t.test(
      `a file name such as ${sent.slice(0, 20)} is kept as its basename in NFC, ${length}`,
      async (t) => {
        const { fetch } = await startServer(t)
        const parts = [purpose, { ...file, filename: sent }]
        const response = await fetch('/v1/files', upload(parts, { chunked }))
        t.equal((await readJson(response)).filename, kept)
      },
    )
  }
  for (const [what, filename] of Object.entries(refused)) {
    t.test(`a file name ${what} is refused, ${length}`, async (t) => {
      const { fetch } = await startServer(t)
      const parts = [purpose, { ...file, filename }]
      const refusal = await readError(
        await fetch('/v1/files', upload(parts, { chunked })),
      )
      t.match(refusal, { status: 400, code: 'invalid_file_name', param: 'file' })
    })
  }
}
