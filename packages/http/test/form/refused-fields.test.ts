import t from 'tap'
import { file, type Part, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'

type Case = {
  readonly parts: readonly Part[]
  readonly code: string | null
  readonly param: string | null
  readonly message?: string
}

const many = (count: number): Part[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `metadata[k${index}]`,
    content: 'v',
  }))

const cases: Readonly<Record<string, Case>> = {
  'no file': {
    parts: [purpose],
    code: 'missing_required_parameter',
    param: 'file',
    message: "Missing required parameter: 'file'.",
  },
  'no purpose': {
    parts: [file],
    code: 'missing_required_parameter',
    param: 'purpose',
    message: "Missing required parameter: 'purpose'.",
  },
  'an empty purpose': {
    parts: [file, { name: 'purpose', content: '' }],
    code: 'missing_required_parameter',
    param: 'purpose',
  },
  'an unknown purpose': {
    parts: [{ name: 'purpose', content: 'nope' }, file],
    code: null,
    param: 'purpose',
    message:
      "'nope' is not one of ['assistants', 'user_data', 'evals', 'batch'] - 'purpose'",
  },
  'an unknown field': {
    parts: [purpose, { name: 'color', content: 'red' }, file],
    code: 'unknown_parameter',
    param: 'color',
    message: "Unknown parameter: 'color'.",
  },
  'a field named __proto__': {
    parts: [purpose, { name: '__proto__', content: 'x' }, file],
    code: 'unknown_parameter',
    param: '__proto__',
  },
  'a metadata key named __proto__': {
    parts: [purpose, { name: 'metadata[__proto__]', content: 'x' }, file],
    code: 'unknown_parameter',
    param: 'metadata[__proto__]',
  },
  'a metadata key that nests': {
    parts: [purpose, { name: 'metadata[a][b]', content: 'x' }, file],
    code: 'unknown_parameter',
    param: 'metadata[a][b]',
  },
  'a repeated field': {
    parts: [purpose, purpose, file],
    code: 'duplicate_parameter',
    param: 'purpose',
  },
  'a second file': {
    parts: [purpose, file, file],
    code: 'duplicate_parameter',
    param: 'file',
  },
  'a file under another name': {
    parts: [purpose, { ...file, name: 'image' }],
    code: 'unknown_parameter',
    param: 'image',
  },
  'a file for a text field': {
    parts: [{ ...file, name: 'purpose' }, file],
    code: 'invalid_type',
    param: 'purpose',
  },
  'a text field for the file': {
    parts: [purpose, { name: 'file', content: 'hello' }],
    code: 'invalid_type',
    param: 'file',
  },
  '101 fields': { parts: [...many(101), file], code: 'form_too_large', param: null },
  '10,000 fields': {
    parts: [...many(10_000), file],
    code: 'form_too_large',
    param: null,
  },
  'a name of 300 characters': {
    parts: [{ name: 'n'.repeat(300), content: 'x' }, file],
    code: 'form_too_large',
    param: null,
    message: `The name '${'n'.repeat(61)}...' of a form field is too long: at most 256 characters are allowed, and it has 300.`,
  },
  'a name of 15,000 characters': {
    parts: [{ name: 'n'.repeat(15_000), content: 'x' }, file],
    code: 'form_too_large',
    param: null,
  },
  'a part head over 16 KiB': {
    parts: [{ name: 'n'.repeat(20_000), content: 'x' }, file],
    code: 'invalid_multipart',
    param: null,
  },
  'a value of 64 KiB': {
    parts: [purpose, { name: 'metadata', content: 'x'.repeat(65_536) }, file],
    code: 'form_too_large',
    param: 'metadata',
    message: "The value of 'metadata' is too long: less than 65536 bytes are allowed.",
  },
  'a value of 5 MiB': {
    parts: [purpose, { name: 'metadata', content: 'x'.repeat(5 * 2 ** 20) }, file],
    code: 'form_too_large',
    param: 'metadata',
    message: "The value of 'metadata' is too long: less than 65536 bytes are allowed.",
  },
  'an empty file': {
    parts: [purpose, { ...file, content: '' }],
    code: 'empty_file',
    param: 'file',
  },
  'a base64 part': {
    parts: [purpose, { ...file, headers: ['Content-Transfer-Encoding: base64'] }],
    code: 'unsupported_transfer_encoding',
    param: 'file',
  },
  'a quoted-printable field': {
    parts: [
      { ...purpose, headers: ['Content-Transfer-Encoding: Quoted-Printable'] },
      file,
    ],
    code: 'unsupported_transfer_encoding',
    param: 'purpose',
  },
}

for (const chunked of [false, true]) {
  for (const [what, { parts, code, param, message }] of Object.entries(cases)) {
    const length = chunked ? 'chunked' : 'with a length'
    t.test(`a form with ${what} is refused, ${length}`, async (t) => {
      const { fetch, leftovers } = await startServer(t)
      const refusal = await readError(
        await fetch('/v1/files', upload(parts, { chunked })),
      )
      t.match(refusal, { status: 400, type: 'invalid_request_error' })
      t.equal(refusal.code, code)
      t.equal(refusal.param, param)
      if (message !== undefined) t.equal(refusal.message, message)
      t.same(await leftovers(), [])
    })
  }
}

t.test(
  '100 fields of which 16 are metadata keys are too many keys, not too many fields',
  async (t) => {
    const { fetch } = await startServer(t)
    const parts = [...many(99), purpose, file]
    t.match(await readError(await fetch('/v1/files', upload(parts))), {
      code: 'invalid_value',
      param: 'metadata',
    })
  },
)
