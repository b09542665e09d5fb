export type Part = {
  readonly name: string
  readonly content: string | Uint8Array
  readonly filename?: string
  readonly type?: string
  /** Further header lines. */
  readonly headers?: readonly string[]
}

export const boundary = '----test-boundary-7d3f'

export const purpose: Part = { name: 'purpose', content: 'user_data' }
export const file: Part = {
  name: 'file',
  content: '{"a":1}\n',
  filename: 'input.jsonl',
  type: 'application/octet-stream',
}

/** A form as clients write it. */
export function form(parts: readonly Part[], separator = boundary): Buffer {
  const pieces = parts.flatMap((part) => {
    const filename = part.filename === undefined ? '' : `; filename="${part.filename}"`
    const lines = [
      `--${separator}`,
      `Content-Disposition: form-data; name="${part.name}"${filename}`,
      ...(part.type === undefined ? [] : [`Content-Type: ${part.type}`]),
      ...(part.headers ?? []),
    ]
    return [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(part.content), crlf]
  })
  return Buffer.concat([...pieces, Buffer.from(`--${separator}--\r\n`)])
}

const crlf = Buffer.from('\r\n')

/** What `fetch` needs to send a form, in one piece or chunked. */
export function upload(
  parts: readonly Part[],
  {
    headers,
    chunked = false,
  }: { headers?: Record<string, string>; chunked?: boolean } = {},
): RequestInit {
  const bytes = form(parts)
  return {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
    body: chunked ? ReadableStream.from([bytes]) : bytes,
    ...(chunked ? { duplex: 'half' } : {}),
  }
}

/** Head of an upload request by hand; without a length the body is chunked. */
export function uploadHead(
  { key }: { readonly key: string },
  length: number | undefined,
  ...more: readonly string[]
): string {
  return [
    'POST /v1/files HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${key}`,
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    ...more,
    '',
    '',
  ].join('\r\n')
}

/** One chunk of a chunked body. */
export function chunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, crlf])
}

export const lastChunk = '0\r\n\r\n'
