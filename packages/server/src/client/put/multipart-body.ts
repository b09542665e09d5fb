import { randomUUID } from 'node:crypto'
import type { RequestBody } from '../connection/http-exchange.ts'

export type FilePart = {
  /** Name of the field. */
  readonly field: string
  readonly filename: string
  readonly type: string
  readonly bytes: number
  chunks(): AsyncIterable<Uint8Array>
}

/**
 * A form with text fields and one file behind them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7578
 * @see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 */
export function multipartBody(
  fields: readonly (readonly [name: string, value: string])[],
  file: FilePart,
): RequestBody {
  const boundary = `custody-${randomUUID()}`
  const head = Buffer.from(
    [
      ...fields.map(
        ([name, value]) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"\r\n\r\n${value}\r\n`,
      ),
      `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(file.field)}"; filename="${escaped(file.filename)}"\r\nContent-Type: ${file.type}\r\n\r\n`,
    ].join(''),
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    bytes: head.length + file.bytes + tail.length,
    async *chunks() {
      yield head
      yield* file.chunks()
      yield tail
    },
  }
}

export function jsonBody(value: object): RequestBody {
  const text = Buffer.from(JSON.stringify(value))
  return { type: 'application/json', bytes: text.length, chunks: () => [text] }
}

/** As browsers write a name: raw UTF-8, but for what would end it. */
function escaped(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
