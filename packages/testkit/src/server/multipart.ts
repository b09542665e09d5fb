/** One part of a form, as a client writes it. */
export type Part = {
  readonly name: string
  readonly content: string | Uint8Array
  /** As it goes on the wire, escapes included; absent: a text field. */
  readonly filename?: string
  /** Content-Type line of the part; absent: no such line. */
  readonly type?: string
  /** Further header lines. */
  readonly headers?: readonly string[]
}

/** A form that is ready to be sent. */
export type Form = {
  readonly contentType: string
  readonly body: Buffer
  /** Sent without a Content-Length. Default false. */
  readonly chunked?: boolean
}

const CRLF = Buffer.from('\r\n')

/** The bytes of a form. */
export function multipart(
  parts: readonly Part[],
  boundary = '----custody-test-5f2b',
): Form {
  const pieces = parts.flatMap((part) => {
    const filename = part.filename === undefined ? '' : `; filename="${part.filename}"`
    const lines = [
      `--${boundary}`,
      `Content-Disposition: form-data; name="${part.name}"${filename}`,
      ...(part.type === undefined ? [] : [`Content-Type: ${part.type}`]),
      ...(part.headers ?? []),
    ]
    return [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(part.content), CRLF]
  })
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
  }
}
