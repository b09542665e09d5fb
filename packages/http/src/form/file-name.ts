import { CustodyError, quote } from '@custody/domain/errors'
import { unfitPart } from '../fields/values/unfit-part.ts'

const maxBytes = 255
const plain = /^[\x20-\x7e]*$/
const control = /\p{Cc}/u

/**
 * The name under which a file is kept: the last part of the path that was sent, in NFC, with the three characters
 * decoded that browsers percent-encode in a form (a quote, CR and LF).
 *
 * @see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 * @param param What the refusal is about.
 * @throws CustodyError `invalid_file_name` when it is empty, over 255 bytes, has control characters or is no Unicode text
 */
export function fileName(sent: string | undefined, param = 'file'): string {
  const refused = (why: string) =>
    new CustodyError('invalid_file_name', `Invalid file name: ${why}.`, { param })
  if (sent === undefined) throw refused('the file part has no filename')
  const name = decoded(basename(sent))
  if (name === '') throw refused(`${quote(sent)} has no name in it`)
  const isPlain = plain.test(name)
  const normal = isPlain ? name : name.normalize('NFC')
  const bytes = isPlain ? normal.length : Buffer.byteLength(normal)
  if (bytes > maxBytes) {
    throw refused(`${quote(normal)} has ${bytes} bytes; at most ${maxBytes} are allowed`)
  }
  if (!isPlain && control.test(normal)) {
    throw refused(`${quote(normal)} has control characters`)
  }
  const unfit = isPlain ? undefined : unfitPart(normal)
  if (unfit !== undefined) throw refused(`${quote(normal)} has ${unfit}`)
  return normal
}

function basename(path: string): string {
  const start = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1
  const base = path.slice(start)
  return base === '.' || base === '..' ? '' : base
}

function decoded(name: string): string {
  if (!name.includes('%')) return name
  return name.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n')
}
