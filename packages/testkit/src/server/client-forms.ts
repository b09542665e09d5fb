import { type Form, multipart, type Part } from './multipart.ts'

/** What an upload says, whoever writes the form. */
export type UploadForm = {
  readonly purpose: string
  readonly filename: string
  readonly content: string | Uint8Array
  /** Further text fields, in this order. */
  readonly fields?: readonly (readonly [name: string, value: string])[]
}

const octets = 'application/octet-stream'

/** Browsers' escapes, which all of these clients use for a quote; the Python one for line ends too. */
const quoted = (filename: string) => filename.replaceAll('"', '%22')
const escaped = (filename: string) =>
  quoted(filename)
    .replaceAll('\\', '\\\\')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')

const textParts = ({ purpose, fields = [] }: UploadForm): Part[] =>
  [['purpose', purpose] as const, ...fields].map(([name, content]) => ({ name, content }))

/** The form of an upload as widespread clients write it, byte for byte but for the boundary. */
export const clientForms = {
  'openai-python': (upload) =>
    multipart(
      [
        ...textParts(upload),
        {
          name: 'file',
          content: upload.content,
          filename: escaped(upload.filename),
          type: octets,
        },
      ],
      '3f1c0ddf6b8b4c0a9c39b1fdc7a0c1d2',
    ),
  'openai-node with a stream': (upload) => ({
    ...multipart(
      [
        {
          name: 'file',
          content: upload.content,
          filename: quoted(upload.filename),
          type: octets,
        },
        ...textParts(upload),
      ],
      'openai-6c1f27cf-8d02-4e9b-a6a5-0d3c7f6f7a11',
    ),
    chunked: true,
  }),
  'openai-node with a File': (upload) =>
    multipart(
      [
        {
          name: 'file',
          content: upload.content,
          filename: quoted(upload.filename),
          type: 'application/jsonl',
        },
        ...textParts(upload),
      ],
      '----formdata-undici-031415926535',
    ),
  curl: (upload) =>
    multipart(
      [
        ...textParts(upload),
        {
          name: 'file',
          content: upload.content,
          filename: quoted(upload.filename),
          type: octets,
        },
      ],
      '------------------------8d7a3f6e5c4b2a10',
    ),
  'curl with standard input': (upload) =>
    multipart(
      [
        ...textParts(upload),
        { name: 'file', content: upload.content, filename: quoted(upload.filename) },
      ],
      '------------------------8d7a3f6e5c4b2a10',
    ),
  'ruby multipart': (upload) =>
    multipart(
      [
        {
          name: 'file',
          content: upload.content,
          filename: quoted(upload.filename),
          type: '',
          headers: [
            `Content-Length: ${Buffer.byteLength(upload.content)}`,
            'Content-Transfer-Encoding: binary',
          ],
        },
        ...textParts(upload),
      ],
      '-----------RubyMultipartPost-0ed1f1c2a3b4',
    ),
} as const satisfies Record<string, (upload: UploadForm) => Form>
